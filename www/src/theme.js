// Light or dark: the system's choice until the visitor makes one, which lasts as long as the page.

/** @typedef {"light" | "dark"} Theme */

/**
 * @param {HTMLButtonElement} button
 * @param {(theme: Theme) => void} onChange
 * @param {Theme} [given]  what the address asks for, instead of the system's choice
 */
export function createTheme(button, onChange, given) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** @type {Theme | undefined} */
  let chosen = given;

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
  if (chosen) document.documentElement.dataset.theme = chosen;
  show();
  return { current };
}
