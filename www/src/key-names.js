// The names of the driving keys on the player's keyboard. Keys are bound by position, and a French keyboard has Z where others have W.

/** Write the names into the page. Browsers that do not know the layout keep the English names. */
export async function nameKeys() {
  const { keyboard } = /** @type {{ keyboard?: { getLayoutMap(): Promise<Map<string, string>> } }} */ (
    navigator
  );
  const layout = await keyboard?.getLayoutMap().catch(() => undefined);
  for (const key of document.querySelectorAll("[data-code]")) {
    const name = layout?.get(/** @type {HTMLElement} */ (key).dataset.code ?? "");
    if (name) key.textContent = name.toUpperCase();
  }
}
