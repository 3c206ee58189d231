// The panel's parts, one at a time; arrow keys go from one to the next.

/** @param {ShadowRoot} root @param {(name: string) => void} onShow */
export function attachTabs(root, onShow) {
  const tabs = [.../** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("[role=tab]"))];

  /** @param {HTMLButtonElement} chosen */
  function choose(chosen) {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const page = root.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (page) page.hidden = !isChosen;
    }
    onShow(chosen.dataset.tab ?? "");
  }

  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[key];
      if (next === undefined) return;
      const chosen = tabs[(next + tabs.length) % tabs.length];
      choose(chosen);
      chosen.focus();
    });
  });
}
