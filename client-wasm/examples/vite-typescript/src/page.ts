// The elements of index.html. One that is missing is a mistake that shows at the start.

import { explain } from "mp-server-client/explain";

export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element ${id}`);
  return found as T;
}

/** Show one screen and hide the others. */
export function showScreen(screen: "sign-in" | "lobby" | "race"): void {
  for (const id of ["sign-in", "lobby", "race"]) find(id).hidden = id !== screen;
}

/** What a form says when it is sent. */
export function onSubmit(id: string, field: string, submit: (text: string) => void): void {
  find<HTMLFormElement>(id).onsubmit = (event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    submit(String(new FormData(form).get(field)).trim());
  };
}

export function showError(error: unknown): void {
  const { title, next } = explain(error);
  find("error").hidden = !error;
  find("error").textContent = error ? `${title} ${next}` : "";
}

export function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  text: string,
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
