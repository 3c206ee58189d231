// The sign-in form. The browser's password manager remembers passwords; for a reload, this page remembers only the name and the
// account's token, while its tab is open. What only accounts need is in accounts.js.

import { element, setText } from "./element.js";
import { BASE, endResuming, game, joinOf, KEPT_ROOM } from "./join.js";
import { keep, recall } from "./keep.js";
import { isolated, plainName, refusalOf } from "./names.js";
import { hasAccounts } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** Under this key the session keeps `{ name, protected, account }`: who is signed in, whether with a password, and whether to an account. */
const KEPT = "race-name";
/** Under this key a page that is left keeps its session for the next page of the same game server. A copy of the tab must not have it. */
const keptSession = () => `race-session${game.query}`;
/** Under this key the browser keeps `{ name, atMs }`: which player without a password a page has left last, and when. */
const keptLeft = () => `race-left${game.query}`;
/** Under this key the browser keeps `{ name, token }` of an account that stays signed in; resuming.js has it too. */
const keptAccount = () => `race-account ${BASE}${game.query}`;
/** Under this key a page that is left keeps the same for the next page of its tab. */
const keptToken = () => `race-token${game.query}`;
/** What the note says where a name has no owner. */
const UNPROTECTED =
  "A password protects your name only while you are online. Don't use one that you need elsewhere. This page never stores it.";
/** The relay has ended a session that was left this long ago. */
const HELD_MS = 35_000;

/** Whether the name may still be held by a session that this browser has left. @param {string} name */
function isHeld(name) {
  const left = recall(keptLeft(), "localStorage");
  return left?.name === name && Date.now() - left.atMs < HELD_MS;
}

/** The account of the page before, or the one that stays signed in. @returns {{ name: string, token: string } | null} */
function takeAccount() {
  const own = recall(keptToken());
  keep(keptToken(), null);
  const account = own ?? recall(keptAccount(), "localStorage");
  return typeof account?.name === "string" && typeof account.token === "string" ? account : null;
}

/** @param {import("./flow.js").Flow} flow */
export function createSignIn(flow) {
  const form = element("signin-form", HTMLFormElement);
  const lead = element("signin-lead", HTMLParagraphElement);
  const name = element("signin-name", HTMLInputElement);
  const password = element("signin-password", HTMLInputElement);
  const submit = element("signin-submit", HTMLButtonElement);
  const watch = element("watch-races", HTMLAnchorElement);
  const label = submit.querySelector(".label") ?? submit;
  const room = recall(KEPT_ROOM);
  const resuming = element("resuming", HTMLElement);
  const note = element("signin-note", HTMLElement);
  const unknown = note.textContent?.trim() ?? "";
  /** Loaded where there are accounts. @type {ReturnType<typeof import("./accounts.js").createAccounts> | undefined} */
  let accounts;
  let loading = false;
  /** What the visitor signs in with again, until it is done. @type {ReturnType<typeof takeAccount>} */
  let returning = null;
  /** @type {State} */
  let newest;
  if (room && room.id === joinOf(location)) {
    setText(resuming, `Reconnecting to ${isolated(room.name)}…`);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (accounts && hasAccounts(newest)) return accounts.submit();
    name.setCustomValidity(refusalOf(name.value, "Enter the name that others will see."));
    if (!form.reportValidity()) return;
    const wanted = plainName(name.value);
    const kept = recall(KEPT);
    const isOwn = password.value ? kept?.protected && kept.name === wanted : isHeld(wanted);
    void flow.signIn(wanted, password.value, isOwn);
  });
  name.addEventListener("input", () => name.setCustomValidity(""));

  /** Say which room a link leads into, where the relay lists rooms for everybody. @param {string} id */
  async function invite(id) {
    setText(lead, "Sign in to join the room you were invited to.");
    if (watch.hidden) return;
    const answer = await fetch(`${BASE}api/rooms${game.query}`);
    /** @type {Array<{ id: string, name: string }>} */
    const rooms = await answer.json();
    const title = plainName(rooms.find((listed) => listed.id === id)?.name ?? "");
    if (title) setText(lead, `Sign in to join the room ${isolated(title)}.`);
  }

  /** The page does not keep the password. @param {string | null} saved */
  async function enterPassword(saved) {
    if (saved) await flow.goOn(saved);
    if (flow.client()) return;
    endResuming();
    setText(lead, "Enter your password to continue where you left off.");
    password.focus();
  }

  element("resuming-end", HTMLButtonElement).addEventListener("click", () => {
    leave();
    keep(KEPT, null);
    void flow.signOut();
    endResuming();
  });

  /** The game server may have the player for a while. */
  function leave() {
    const kept = recall(KEPT);
    if (kept?.protected === false) {
      keep(keptLeft(), { name: kept.name, atMs: Date.now() }, "localStorage");
    }
  }

  /** Sign in by the name again, unless the tab is only a copy of one that uses it. @param {string} known */
  async function signInAgain(known) {
    const copies = await import("./copies.js").catch(() => null);
    if (await copies?.isCopy()) {
      keep(KEPT, null);
      endResuming();
      flow.say("You are signed in in another tab.", "To drive in this one too, choose another name.");
      // Else the visitor has not waited.
    } else if ("resuming" in dataset) await flow.signIn(known, "", true);
  }

  async function loadAccounts() {
    if (loading) return;
    loading = true;
    try {
      const { createAccounts } = await import("./accounts.js");
      accounts = createAccounts(flow);
      accounts.show(newest);
    } catch {
      // The form signs in without it, and the next answer tries again.
      loading = false;
    }
  }

  /** Somebody has signed in. */
  function remember() {
    const { name: granted, token } = flow.client() ?? {};
    // A session that goes on was signed in to before.
    if (token) keep(KEPT, { name: granted, protected: true, account: true });
    else if (recall(KEPT)?.name !== name.value || password.value) {
      keep(KEPT, { name: plainName(name.value), protected: password.value !== "" });
    }
    if (token && !returning) {
      keep(keptAccount(), accounts?.staysSignedIn() ? { name: granted, token } : null, "localStorage");
    }
    returning = null;
    password.value = "";
    if (granted && isHeld(plainName(granted))) keep(keptLeft(), null, "localStorage");
  }

  const { dataset } = document.documentElement;
  const wasPressed = "pressed" in dataset;
  delete dataset.pressed;
  if (wasPressed) form.requestSubmit();

  return {
    /** After a reload: sign in as before, or ask for the password if there was one. */
    resume() {
      if (wasPressed) return;
      const kept = recall(KEPT);
      const invited = joinOf(location);
      returning = takeAccount();
      if (returning) {
        name.value = returning.name;
        const left = recall(keptSession());
        keep(keptSession(), null);
        if (!kept) setText(resuming, `Signing in as ${isolated(plainName(returning.name))}…`);
        return void flow.goOn(left ?? "", returning.name, returning.token);
      }
      if (!kept?.name) {
        endResuming();
        // Without the list the link leads into a room without a name.
        if (invited) invite(invited).catch(() => {});
        return;
      }
      name.value = kept.name;
      const saved = recall(keptSession());
      keep(keptSession(), null);
      void (kept.protected
        ? enterPassword(saved)
        : saved
          ? flow.goOn(saved, kept.name)
          : signInAgain(kept.name));
    },
    leavePage() {
      leave();
      const canKeep = keep(keptSession(), "");
      const { name: signedIn, token } = flow.client() ?? {};
      keep(keptToken(), token ? { name: signedIn, token } : returning);
      keep(keptSession(), flow.leavePage(canKeep) ?? null);
    },
    /**
     * @param {State} state
     * @param {State} [before]
     */
    show(state, before) {
      const connecting = state.busy === "signin";
      watch.hidden = !state.spectate;
      watch.href = `${BASE}watch/${game.query}`;
      if (state.servers.length > 1) {
        // Without it the form signs in on the game server of the address.
        import("./servers.js").then((servers) => servers.show(state, flow)).catch(() => {});
      }
      submit.setAttribute("aria-disabled", String(connecting));
      submit.classList.toggle("waiting", connecting);
      newest = state;
      if (hasAccounts(state)) void loadAccounts();
      if (state.generation !== before?.generation) {
        setText(note, state.generation && !hasAccounts(state) ? UNPROTECTED : unknown);
      }
      setText(label, connecting ? "Connecting…" : "Sign in");
      if (connecting && state.notice) setText(resuming, state.notice.title);
      if (!before?.me && state.me) remember();
      const isOver = state.notice !== before?.notice && state.notice?.code === "token_expired";
      if ((before?.me && !state.me) || isOver) {
        keep(KEPT, null);
        keep(keptAccount(), null, "localStorage");
      }
      // It failed, so the form is needed.
      if (before?.busy && !connecting && !state.me) {
        returning = null;
        endResuming();
      }
      accounts?.show(state);
    },
  };
}
