// The sign-in form of game servers with accounts: signing in or creating an account, staying signed in, and what is wrong with
// which field. Loaded only where there are accounts; where another game server is chosen, it gives the form back as it was.

import { element, make, setText } from "./element.js";
import { BASE } from "./join.js";
import { loadStyles } from "./later.js";
import { plainText } from "./names.js";
import { hasAccounts } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Advice} Advice */

/** An account's name has so many characters, and its password at least so many. */
const NAME_CHARACTERS = { least: 3, most: 50 };
const LEAST_PASSWORD = 6;
/** Which field an error is about. */
const FIELDS = {
  name_taken: "name",
  name_length: "name",
  account_locked: "name",
  account_disabled: "name",
  auth_failed: "password",
  password_missing: "password",
  password_too_short: "password",
  token_expired: "password",
};

// The form works without its looks.
await loadStyles([`${BASE}accounts.css`]).catch(() => {});

/** @param {import("./flow.js").Flow} flow */
export function createAccounts(flow) {
  const form = element("signin-form", HTMLFormElement);
  const name = element("signin-name", HTMLInputElement);
  const password = element("signin-password", HTMLInputElement);
  const nameRule = element("signin-name-rule", HTMLSpanElement);
  const passwordRule = element("signin-password-rule", HTMLSpanElement);
  const label = element("signin-submit", HTMLButtonElement).querySelector(".label");
  const notice = element("notice", HTMLDivElement);
  const without = { nameLength: name.maxLength, passwordRule: passwordRule.textContent ?? "" };
  const { stay, row } = createStay();
  const choice = createChoice();
  let creates = false;
  /** @type {State["notice"]} */
  let shown = null;

  element("signin-more", HTMLDivElement).append(row);
  choice.button.addEventListener("click", () => {
    creates = !creates;
    flow.dismiss();
    follow(true, false);
    name.focus();
  });

  /**
   * @param {boolean} isOn  there are accounts
   * @param {boolean} isBusy
   */
  function follow(isOn, isBusy) {
    if (!isOn) creates = false;
    const { least, most } = NAME_CHARACTERS;
    setText(nameRule, creates ? `${least} to ${most} characters` : "");
    setText(passwordRule, isOn ? rule() : without.passwordRule);
    name.maxLength = isOn ? most : without.nameLength;
    password.required = form.noValidate = isOn;
    password.autocomplete = creates ? "new-password" : "current-password";
    row.hidden = !isOn;
    choice.show(isOn, creates);
    if (label && !isBusy) setText(label, creates ? "Create account" : "Sign in");
  }

  const rule = () => (creates ? `at least ${LEAST_PASSWORD} characters` : "");

  /** What is wrong with the form: the code, and the words if they are not the usual ones. @param {string} wanted @returns {[string, Advice?] | undefined} */
  function fault(wanted) {
    const { least, most } = NAME_CHARACTERS;
    if (!wanted) {
      const next = creates ? "Choose one that others will see." : "Enter the name of your account.";
      return ["name_length", { title: "The name is missing.", next }];
    }
    if (creates && (wanted.length < least || wanted.length > most)) return ["name_length"];
    if (!password.value) {
      const next = creates ? `Choose one of at least ${LEAST_PASSWORD} characters.` : "Enter it to sign in.";
      return ["password_missing", { title: "The password is missing.", next }];
    }
    return creates && password.value.length < LEAST_PASSWORD ? ["password_too_short"] : undefined;
  }

  /** Show an error at its field. @param {State["notice"]} error  null for none */
  function showAt(error) {
    const field = FIELDS[/** @type {keyof typeof FIELDS} */ (error?.code)];
    for (const input of [name, password]) {
      const isWrong = input === { name, password }[field];
      input.setAttribute("aria-invalid", String(isWrong));
      if (!isWrong) {
        input.removeAttribute("aria-describedby");
        continue;
      }
      input.setAttribute("aria-describedby", "notice-text");
      input.parentElement?.append(notice);
      input.focus();
    }
  }

  return {
    submit() {
      if (notice.parentElement?.classList.contains("field")) flow.dismiss();
      // What others have made stays as it is.
      const wanted = creates ? plainText(name.value, NAME_CHARACTERS.most) : name.value.trim();
      const wrong = fault(wanted);
      if (wrong) flow.refuse(...wrong);
      else void flow.signIn(wanted, password.value, false, creates);
    },
    /** Whether the token is to be kept for the next visit. */
    staysSignedIn: () => stay.checked,
    /** @param {State} state */
    show(state) {
      const isOn = hasAccounts(state);
      if (state.me) creates = stay.checked = false;
      follow(isOn, state.busy === "signin");
      if (state.notice === shown || state.screen !== "signin") return;
      shown = state.notice;
      showAt(isOn ? shown : null);
    },
  };
}

function createStay() {
  const row = make("div", "stay");
  const stay = make("input", "");
  stay.type = "checkbox";
  stay.id = stay.dataset.testid = "signin-stay";
  const label = make("label", "", "Stay signed in ");
  label.htmlFor = stay.id;
  label.append(make("span", "optional", "on this device, for 30 days"));
  row.append(stay, label);
  return { stay, row };
}

/** The choice between signing in and creating an account. */
function createChoice() {
  const place = element("signin-choice", HTMLDivElement);
  const question = make("span", "");
  const button = make("button", "button");
  button.type = "button";
  button.dataset.testid = "signin-choose";

  return {
    button,
    /**
     * @param {boolean} isOn
     * @param {boolean} creates
     */
    show(isOn, creates) {
      if (!isOn) return place.replaceChildren();
      setText(question, creates ? "You have an account?" : "New here?");
      setText(button, creates ? "Sign in" : "Create account");
      if (!button.isConnected) place.replaceChildren(question, button);
    },
  };
}
