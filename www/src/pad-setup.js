// The dialog that sets up a wheel or gamepad unknown to the browser: the player turns it, then presses each pedal.

import { element, setText } from "./element.js";
import { keepMapping, Learner, padWithoutMapping } from "./pads.js";

const STEPS = [
  "Turn all the way to the right, then let go.",
  "Press the accelerator all the way down, then let go.",
  "Press the brake all the way down, then let go.",
];

/** @returns {() => void}  opens the dialog, if there is such a device */
export function createPadSetup() {
  const dialog = element("pad-setup", HTMLDialogElement);
  const name = element("pad-name", HTMLElement);
  const step = element("pad-step", HTMLElement);
  const count = element("pad-count", HTMLElement);
  element("pad-cancel", HTMLButtonElement).addEventListener("click", () => dialog.close());

  return () => {
    const device = padWithoutMapping();
    if (!device || dialog.open) return;
    /** @type {import("./pads.js").Control[]} */
    const learned = [];
    let learner = new Learner(device);
    const look = () => {
      const now = navigator.getGamepads()[device.index];
      if (!dialog.open || now?.id !== device.id) return dialog.close();
      const control = learner.look(now);
      if (control) {
        learned.push(control);
        learner = new Learner(now, learned);
      }
      if (learned.length === STEPS.length) {
        const [steer, throttle, brake] = learned;
        // A wheel's rest is the middle of its range, wherever it was released.
        keepMapping(device.id, { steer: { ...steer, rest: 0 }, throttle, brake });
        return dialog.close();
      }
      setText(step, STEPS[learned.length]);
      setText(count, `Step ${learned.length + 1} of ${STEPS.length}`);
      requestAnimationFrame(look);
    };
    setText(name, device.id);
    dialog.showModal();
    look();
  };
}
