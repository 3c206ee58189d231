// The panel's inside, once: nothing in it comes from anybody but us.

import { trusted } from "../trusted.js";
import { CONDITIONS, PRESETS } from "./conditions.js";
import { KINDS } from "./journal.js";

const icon = (/** @type {string} */ path) =>
  `<svg class="icon" aria-hidden="true" viewBox="0 0 16 16"><path d="${path}"/></svg>`;

const TABS = [
  ["network", "Network"],
  ["room", "Room"],
  ["events", "Events"],
  ["lab", "Lab"],
];

const LANES = [
  ["roundTrip", "Round trip"],
  ["jitter", "Jitter"],
  ["loss", "Loss"],
  ["received", "Received"],
];

const FIGURES = [
  ["p50", "Median"],
  ["p95", "95 of 100"],
  ["sent", "Sent"],
  ["lost", "Lost"],
  ["up", "Up"],
  ["down", "Down"],
  ["refused", "Refused"],
  ["reconnects", "Reconnects"],
];

const tab = (/** @type {string[]} */ [id, label], /** @type {number} */ index) =>
  `<button type="button" role="tab" id="tab-${id}" aria-controls="page-${id}" aria-selected="${index === 0}" tabindex="${index === 0 ? 0 : -1}" data-tab="${id}" data-testid="debug-tab-${id}">${label}</button>`;

const lane = (/** @type {string[]} */ [id, label]) => `
  <div class="lane" data-lane="${id}"><span class="lane-name">${label}</span>
    <canvas role="img" aria-label="${label}, the last minute and a half"></canvas><output data-testid="debug-${id}">–</output></div>`;

const figure = (/** @type {string[]} */ [id, label]) =>
  `<div><dt>${label}</dt><dd data-figure="${id}" data-testid="debug-${id}">–</dd></div>`;

const chip = (/** @type {string} */ kind) =>
  `<label class="chip"><input type="checkbox" value="${kind}" checked data-kind><span>${kind}</span></label>`;

const slider = (/** @type {import("./conditions.js").Slider} */ { name, label, max, step }) => `
  <label class="slider"><span>${label}</span><input type="range" name="${name}" min="0" max="${max}" step="${step}" value="0" data-testid="debug-${name}">
    <output data-for="${name}">off</output></label>`;

const preset = (/** @type {string} */ name) => `<option value="${name}">${name}</option>`;

const MARKUP = `
<section class="panel" aria-label="Race debug panel" data-testid="debug-panel">
  <header>
    <button type="button" class="grip" data-act="move" aria-label="Move the panel with the arrow keys" title="Drag, or use the arrow keys" data-testid="debug-grip">${icon("M5.500 4h.01M5.500 8h.01M5.500 12h.01M10.500 4h.01M10.500 8h.01M10.500 12h.01")}</button>
    <p class="state" data-testid="debug-state"><i aria-hidden="true"></i><b></b><span class="since"></span></p>
    <p class="glance" data-testid="debug-glance"></p>
    <button type="button" class="tool" data-act="fold" aria-expanded="true" aria-controls="body" aria-label="Fold" data-testid="debug-fold">${icon("M3.500 6 8 10.500 12.500 6")}</button>
    <button type="button" class="tool" data-act="close" aria-label="Close the panel" data-testid="debug-close">${icon("m4 4 8 8m0-8-8 8")}</button>
  </header>
  <div id="body">
    <div class="tabs" role="tablist" aria-label="Parts of the panel">${TABS.map(tab).join("")}</div>

    <div class="page" role="tabpanel" id="page-network" aria-labelledby="tab-network" tabindex="0">
      ${LANES.map(lane).join("")}
      <dl class="figures">${FIGURES.map(figure).join("")}</dl>
      <h2>States</h2>
      <ol class="states" data-testid="debug-states"></ol>
    </div>

    <div class="page" role="tabpanel" id="page-room" aria-labelledby="tab-room" tabindex="0" hidden>
      <p class="room-name" data-testid="debug-room"></p>
      <p class="room-note"></p>
      <table hidden>
        <thead><tr><th scope="col">Player</th><th scope="col">Id</th><th scope="col" class="number">Speed</th><th scope="col" class="number">Age</th></tr></thead>
        <tbody data-testid="debug-players"></tbody>
      </table>
    </div>

    <div class="page events" role="tabpanel" id="page-events" aria-labelledby="tab-events" hidden>
      <div class="row">
        <input type="search" placeholder="Filter" aria-label="Only events with this text" spellcheck="false" data-testid="debug-filter">
        <button type="button" class="button" data-act="copy" data-testid="debug-copy">Copy</button>
        <button type="button" class="button" data-act="clear" data-testid="debug-clear">Clear</button>
      </div>
      <div class="chips" role="group" aria-label="Kinds of events">${KINDS.map(chip).join("")}</div>
      <div class="scroller" tabindex="0" role="group" aria-label="Events, newest first"><ol data-testid="debug-events"></ol></div>
    </div>

    <div class="page" role="tabpanel" id="page-lab" aria-labelledby="tab-lab" tabindex="0" hidden>
      <h2>Network</h2>
      <fieldset class="lab"><legend class="visually-hidden">Conditions made up for this client</legend>
        <label class="slider"><span>Preset</span><select data-testid="debug-preset">${Object.keys(PRESETS).map(preset).join("")}<option value="" hidden>Own</option></select></label>
        ${CONDITIONS.map(slider).join("")}
        <div class="row"><p class="note conditions" role="status">Each way, on top of the real network.</p>
          <button type="button" class="button danger" data-act="disconnect" data-testid="debug-disconnect">Disconnect now</button></div>
      </fieldset>
      <h2>Recording</h2>
      <div class="row">
        <button type="button" class="button" data-act="record" aria-pressed="false" data-testid="debug-record">Record</button>
        <a class="button" download="race.recording" data-testid="debug-download" hidden>Download</a>
        <span class="note recording" data-testid="debug-recording"></span>
      </div>
      <h2>Doctor</h2>
      <div class="row"><button type="button" class="button" data-act="doctor" data-testid="debug-doctor">Examine</button><span class="note doctor" role="status"></span></div>
      <ol class="checks" data-testid="debug-checks"></ol>
    </div>
  </div>
</section>`;

/** @returns {DocumentFragment} */
export function markup() {
  const template = document.createElement("template");
  template.innerHTML = trusted().createHTML(MARKUP);
  return template.content;
}

/**
 * @template {Element} T
 * @param {ParentNode} within
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(within, selector, kind) {
  const found = within.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`the panel has no ${selector}`);
}
