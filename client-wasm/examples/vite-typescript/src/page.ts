// The elements of index.html, found once; an element that is missing is a mistake that shows at the start.

function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`index.html has no such element: ${id}`);
}

export const page = {
  state: find("state", HTMLElement),
  error: find("error", HTMLElement),
  signIn: find("sign-in", HTMLFormElement),
  lobby: find("lobby", HTMLElement),
  rooms: find("rooms", HTMLUListElement),
  noRooms: find("no-rooms", HTMLElement),
  create: find("create", HTMLFormElement),
  signOut: find("sign-out", HTMLButtonElement),
  race: find("race", HTMLElement),
  map: find("map", HTMLCanvasElement),
  pad: find("pad", HTMLElement),
  room: find("room", HTMLElement),
  figures: find("figures", HTMLElement),
  players: find("players", HTMLUListElement),
  chat: find("chat", HTMLOListElement),
  say: find("say", HTMLFormElement),
  start: find("start", HTMLButtonElement),
  leave: find("leave", HTMLButtonElement),
};

/** What is written in a field of a form. */
export function field(form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name) ?? "").trim();
}

/** Show one screen and hide the others. */
export function showScreen(screen: "signIn" | "lobby" | "race"): void {
  for (const name of ["signIn", "lobby", "race"] as const) page[name].hidden = name !== screen;
  // On a phone the last screen may have been scrolled.
  scrollTo({ top: 0 });
}

/** A list item with some words. */
export function item(...words: Array<string | Node>): HTMLLIElement {
  const element = document.createElement("li");
  element.append(...words);
  return element;
}
