// What the driver does, by keys or by the buttons of a touch screen.

import type { Controls } from "./car.js";

const KEYS: Record<string, string> = {
  ArrowUp: "throttle",
  KeyW: "throttle",
  ArrowDown: "brake",
  KeyS: "brake",
  ArrowLeft: "left",
  KeyA: "left",
  ArrowRight: "right",
  KeyD: "right",
};

/** Listen until the signal says that it is enough; gives what is pressed at a moment. */
export function listenToControls(pad: HTMLElement, signal: AbortSignal): () => Controls {
  const pressed = new Set<string>();
  const onKey = (event: KeyboardEvent) => {
    const control = KEYS[event.code];
    // Whoever writes into a field does not drive.
    if (!control || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    if (event.type === "keydown") pressed.add(control);
    else pressed.delete(control);
  };
  addEventListener("keydown", onKey, { signal });
  addEventListener("keyup", onKey, { signal });
  addEventListener("blur", () => pressed.clear(), { signal });

  for (const button of pad.querySelectorAll("button")) {
    const control = button.dataset.control ?? "";
    button.addEventListener("pointerdown", () => pressed.add(control), { signal });
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) {
      button.addEventListener(end, () => pressed.delete(control), { signal });
    }
    button.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  }

  const part = (control: string) => Number(pressed.has(control));
  return () => ({
    steering: part("right") - part("left"),
    throttle: part("throttle"),
    brake: part("brake"),
  });
}
