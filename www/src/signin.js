// The sign-in form. The browser's password manager does the remembering; this page stores nothing.

import { element, setText } from "./element.js";

/** @typedef {import("./state.js").State} State */

/** @param {import("./flow.js").Flow} flow */
export function createSignIn(flow) {
  const form = element("signin-form", HTMLFormElement);
  const name = element("signin-name", HTMLInputElement);
  const password = element("signin-password", HTMLInputElement);
  const submit = element("signin-submit", HTMLButtonElement);
  const watch = element("watch-races", HTMLAnchorElement);
  const label = submit.querySelector(".label") ?? submit;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    name.setCustomValidity(wanted ? "" : "Enter a name that the others will see.");
    if (form.reportValidity()) void flow.signIn(wanted, password.value);
  });
  name.addEventListener("input", () => name.setCustomValidity(""));

  return {
    /**
     * @param {State} state
     * @param {State} [before]
     */
    show(state, before) {
      const connecting = state.busy === "signin";
      watch.hidden = !state.spectate;
      submit.setAttribute("aria-disabled", String(connecting));
      submit.classList.toggle("waiting", connecting);
      setText(label, connecting ? "Connecting…" : "Sign in");
      if (before && before.me !== null && state.me === null) password.value = "";
    },
  };
}
