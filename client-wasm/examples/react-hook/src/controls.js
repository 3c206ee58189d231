// What the driver does, by keys or by the buttons of a touch screen.

/** @type {Record<string, string>} */
const KEYS = {
  ArrowUp: "throttle",
  KeyW: "throttle",
  ArrowDown: "brake",
  KeyS: "brake",
  ArrowLeft: "left",
  KeyA: "left",
  ArrowRight: "right",
  KeyD: "right",
};

/**
 * Listen until the signal says that it is enough.
 * @param {HTMLElement} pad  has buttons with `data-control`
 * @param {AbortSignal} signal
 * @returns {() => import("./car.js").Controls}  what is pressed now
 */
export function listenToControls(pad, signal) {
  /** @type {Set<string>} */
  const pressed = new Set();
  const onKey = (/** @type {KeyboardEvent} */ event) => {
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

  const part = (/** @type {string} */ control) => Number(pressed.has(control));
  return () => ({
    steering: part("right") - part("left"),
    throttle: part("throttle"),
    brake: part("brake"),
  });
}
