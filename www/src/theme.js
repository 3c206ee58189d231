// Light or dark: the system's choice until the visitor makes one, which lasts as long as the page.

/** @typedef {"light" | "dark"} Theme */

/**
 * @param {HTMLButtonElement} button
 * @param {(theme: Theme) => void} onChange
 */
export function createTheme(button, onChange) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** @type {Theme | undefined} */
  let chosen;

  /** @returns {Theme} */
  const current = () => chosen ?? (system.matches ? "dark" : "light");

  function show() {
    const other = current() === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Switch to ${other} theme`);
    document.documentElement.dataset.shown = current();
    onChange(current());
  }

  button.addEventListener("click", () => {
    chosen = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    show();
  });
  system.addEventListener("change", show);
  show();
  return { current };
}
