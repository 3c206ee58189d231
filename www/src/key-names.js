// What the driving keys are called on the player's own keyboard: they are chosen by their place, and Z is where others have W.

/** Write the names into the page. Browsers that do not know the keyboard leave those of an English one. */
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
