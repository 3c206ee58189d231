// Keyboard, touch and gamepad, merged into one set of controls. `read` is called once per frame and fills the same
// object each time.

import { element } from "./element.js";
import { amount, mappingOf } from "./pads.js";

/** @typedef {import("./car.js").Controls} Controls */
/** @typedef {"reset" | "camera" | "message" | "menu" | "pad"} Command  "pad": a gamepad is there that nobody has set up */

/** @type {Record<string, "left" | "right" | "up" | "down" | "hand">} */
const KEYS = {
  KeyA: "left",
  ArrowLeft: "left",
  KeyD: "right",
  ArrowRight: "right",
  KeyW: "up",
  ArrowUp: "up",
  KeyS: "down",
  ArrowDown: "down",
  Space: "hand",
};
/** @type {Record<string, Command>} */
const COMMANDS = { KeyR: "reset", KeyC: "camera", KeyT: "message", Enter: "message", Escape: "menu" };
/** Sticks rest a little off the middle. */
const DEAD_ZONE = 0.12;
/** A gamepad's standard mapping. */
const PAD = { steer: 0, brake: 6, throttle: 7, hand: 0, reset: 3, menu: 9, left: 14, right: 15 };

/**
 * @param {(command: Command) => void} onCommand
 */
export function createInput(onCommand) {
  const held = { left: 0, right: 0, up: 0, down: 0, hand: 0 };
  const touch = { steering: 0, throttle: 0, brake: 0 };
  const pad = { steering: 0, throttle: 0, brake: 0, hand: false, buttons: 0 };
  /** @type {Controls} */
  const controls = { steering: 0, throttle: 0, brake: 0, handbrake: false, analogue: false };
  let active = false;
  let pads = countPads();
  /** Gamepads that the player was asked to set up. @type {Set<string>} */
  const asked = new Set();

  function release() {
    held.left = held.right = held.up = held.down = held.hand = 0;
    touch.steering = touch.throttle = touch.brake = 0;
  }

  window.addEventListener("keydown", (event) => {
    if (!active || event.ctrlKey || event.metaKey || event.altKey || isBusyElsewhere(event)) return;
    const key = KEYS[event.code];
    const command = COMMANDS[event.code];
    if (key) held[key] = 1;
    else if (command && !event.repeat) onCommand(command);
    if (key || command) event.preventDefault();
  });
  window.addEventListener("keyup", (event) => {
    const key = KEYS[event.code];
    if (key) held[key] = 0;
  });
  window.addEventListener("blur", release);
  for (const type of ["gamepadconnected", "gamepaddisconnected"]) {
    window.addEventListener(type, () => (pads = countPads()));
  }
  listenToTouch(touch);

  function readPad() {
    pad.steering = pad.throttle = pad.brake = 0;
    pad.hand = false;
    if (pads === 0) return;
    const found = navigator.getGamepads();
    for (let i = 0; i < found.length; i += 1) {
      const device = found[i];
      if (!device) continue;
      if (device.mapping === "standard") return fillFromPad(device, pad, onCommand);
      const mapping = mappingOf(device.id);
      if (mapping) {
        pad.steering = amount(device, mapping.steer);
        pad.throttle = Math.max(amount(device, mapping.throttle), 0);
        pad.brake = Math.max(amount(device, mapping.brake), 0);
        return;
      }
      if (!asked.has(device.id)) {
        asked.add(device.id);
        onCommand("pad");
      }
    }
  }

  return {
    /** @param {boolean} wanted */
    listen(wanted) {
      active = wanted;
      release();
    },
    /** @returns {Controls} the same object every time */
    read() {
      readPad();
      const keys = held.right - held.left;
      const stick = touch.steering || pad.steering;
      controls.steering = keys || stick;
      controls.throttle = Math.max(held.up, touch.throttle, pad.throttle);
      controls.brake = Math.max(held.down, touch.brake, pad.brake);
      controls.handbrake = held.hand === 1 || pad.hand;
      controls.analogue = keys === 0 && stick !== 0;
      return controls;
    },
  };
}

/** How many gamepads are there, also those that were there before this script. */
function countPads() {
  return [...(navigator.getGamepads?.() ?? [])].filter(Boolean).length;
}

/**
 * Typing and an open dialog are not driving, and Space and Enter belong to a focused button.
 * @param {KeyboardEvent} event
 */
function isBusyElsewhere({ target, code }) {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, dialog")) return true;
  return (code === "Space" || code === "Enter") && target.closest("button, a") !== null;
}

/**
 * @param {Gamepad} device
 * @param {{ steering: number, throttle: number, brake: number, hand: boolean, buttons: number }} pad
 * @param {(command: Command) => void} onCommand
 */
function fillFromPad(device, pad, onCommand) {
  const { axes, buttons } = device;
  const axis = axes[PAD.steer] ?? 0;
  const size = Math.abs(axis);
  // Squared past the dead zone: fine near the middle, full at the stop.
  const eased = size < DEAD_ZONE ? 0 : Math.sign(axis) * ((size - DEAD_ZONE) / (1 - DEAD_ZONE)) ** 2;
  pad.steering = eased || value(buttons, PAD.right) - value(buttons, PAD.left);
  pad.throttle = value(buttons, PAD.throttle);
  pad.brake = value(buttons, PAD.brake);
  pad.hand = value(buttons, PAD.hand) > 0.5;
  const pressed = (value(buttons, PAD.reset) > 0.5 ? 1 : 0) | (value(buttons, PAD.menu) > 0.5 ? 2 : 0);
  const fresh = pressed & ~pad.buttons;
  pad.buttons = pressed;
  if (fresh & 1) onCommand("reset");
  if (fresh & 2) onCommand("menu");
}

/**
 * @param {readonly GamepadButton[]} buttons
 * @param {number} index
 */
function value(buttons, index) {
  return buttons[index]?.value ?? 0;
}

/** @param {{ steering: number, throttle: number, brake: number }} touch */
function listenToTouch(touch) {
  const steer = element("touch-steer", HTMLDivElement);
  let centre = 0;
  let reach = 1;
  /** @param {number} x */
  const turn = (x) => {
    touch.steering = Math.max(-1, Math.min(1, (x - centre) / reach));
    steer.style.setProperty("--turn", touch.steering.toFixed(3));
  };
  hold(
    steer,
    (event) => {
      const box = steer.getBoundingClientRect();
      centre = box.left + box.width / 2;
      reach = box.width * 0.38;
      turn(event.clientX);
    },
    (event) => turn(event.clientX),
    () => turn(centre),
  );
  hold(
    element("touch-throttle", HTMLDivElement),
    () => (touch.throttle = 1),
    () => {},
    () => (touch.throttle = 0),
  );
  hold(
    element("touch-brake", HTMLDivElement),
    () => (touch.brake = 1),
    () => {},
    () => (touch.brake = 0),
  );
  if (matchMedia("(pointer: coarse)").matches) document.body.dataset.touch = "";
  window.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") document.body.dataset.touch = "";
  });
}

/**
 * One finger on one control: down, moves, and up or lost.
 * @param {HTMLElement} target
 * @param {(event: PointerEvent) => void} down
 * @param {(event: PointerEvent) => void} move
 * @param {() => void} up
 */
function hold(target, down, move, up) {
  /** @type {number | undefined} */
  let finger;
  target.addEventListener("pointerdown", (event) => {
    if (finger !== undefined) return;
    finger = event.pointerId;
    target.setPointerCapture(finger);
    target.classList.add("held");
    down(event);
    event.preventDefault();
  });
  target.addEventListener("pointermove", (event) => {
    if (event.pointerId === finger) move(event);
  });
  target.addEventListener("lostpointercapture", (event) => {
    if (event.pointerId !== finger) return;
    finger = undefined;
    target.classList.remove("held");
    up();
  });
  target.addEventListener("contextmenu", (event) => event.preventDefault());
}
