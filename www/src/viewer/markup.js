// The element's inside, once: nothing in it comes from anybody but us.

import { trusted } from "../../pkg/trusted.js";

const icon = (/** @type {string} */ path) =>
  `<svg class="icon" aria-hidden="true" viewBox="0 0 20 20"><path d="${path}"/></svg>`;

const MARKUP = `
<div class="viewer" data-tab="board" part="viewer">
  <section class="stage" aria-label="Track" part="stage">
    <canvas class="map" part="map" tabindex="0" role="application" aria-label="Cars on the track, seen from above"
      aria-describedby="map-keys" data-testid="viewer-map"></canvas>
    <p id="map-keys" class="visually-hidden">Drag or use the arrow keys to move the map, plus and minus to zoom,
      the question mark shows all keys. The table lists the same cars.</p>
    <p class="hint" aria-hidden="true" part="hint" data-testid="viewer-hint"></p>
    <p class="badge" part="badge" data-testid="viewer-badge"><i aria-hidden="true"></i><span></span></p>
    <div class="message" part="message" data-testid="viewer-message" hidden>
      <p class="message-title"></p>
      <p class="message-next"></p>
      <button class="button" type="button" data-act="retry" data-testid="viewer-retry" hidden>Try again</button>
      <a class="button" data-testid="viewer-list" hidden>All races</a>
    </div>
    <div class="tools" part="tools" role="group" aria-label="Map">
      <button class="tool" type="button" data-act="fit" aria-label="Whole track" title="Whole track (F)" data-testid="viewer-fit">${icon("M3 7V3h4m6 0h4v4m0 6v4h-4m-6 0H3v-4")}</button>
      <button class="tool" type="button" data-act="follow" aria-label="Follow a car" aria-pressed="false" title="Follow a car (C)" data-testid="viewer-follow">${icon("M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM10 1.500v3m0 11v3M1.500 10h3m11 0h3")}</button>
      <button class="tool" type="button" data-act="nearer" aria-label="Zoom in" title="Zoom in (+)">${icon("M10 4v12M4 10h12")}</button>
      <button class="tool" type="button" data-act="further" aria-label="Zoom out" title="Zoom out (−)">${icon("M4 10h12")}</button>
      <button class="tool" type="button" data-act="keys" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" data-testid="viewer-keys-open">${icon("M7.300 7.600a2.700 2.700 0 1 1 4 2.400c-.9.500-1.300 1-1.300 2m0 2.600v.2")}</button>
    </div>
  </section>

  <section class="board panel" part="panel board" aria-labelledby="board-title">
    <header class="panel-head"><h2 id="board-title">Standings</h2><p class="board-note"></p></header>
    <div class="scroller" tabindex="0" role="group" aria-label="Standings, scrollable" data-testid="viewer-board">
      <table>
        <thead><tr>
          <th scope="col" class="c-place"><abbr title="Place">P</abbr></th>
          <th scope="col" class="c-driver">Driver</th>
          <th scope="col" class="c-lap">Lap</th>
          <th scope="col" class="c-gap">Gap</th>
          <th scope="col" class="c-interval"><abbr title="Interval to the car ahead">Int</abbr></th>
          <th scope="col" class="c-last">Last</th>
          <th scope="col" class="c-best">Best</th>
          <th scope="col" class="c-speed">km/h</th>
          <th scope="col" class="c-signal"><abbr title="Connection">Net</abbr></th>
        </tr></thead>
        <tbody></tbody>
      </table>
      <p class="nobody">Nobody is on the track.</p>
    </div>
  </section>

  <div class="side">
    <section class="gaps panel" part="panel gaps" aria-labelledby="gaps-title">
      <header class="panel-head"><h2 id="gaps-title">Gaps</h2><p class="gaps-note"></p></header>
      <canvas class="ring" role="img" aria-label="Gaps to the leader around one lap; the table has them as numbers" data-testid="viewer-ring"></canvas>
    </section>
    <section class="news panel" part="panel events" aria-labelledby="news-title">
      <header class="panel-head"><h2 id="news-title">Events</h2></header>
      <div class="scroller" tabindex="0" role="group" aria-label="Events, scrollable">
        <ol data-testid="viewer-events"></ol>
        <p class="nobody">Overtakes, fastest laps, and drivers who join or leave appear here.</p>
      </div>
    </section>
  </div>

  <div class="tabs" part="tabs" role="group" aria-label="Panels">
    <button type="button" data-tab="board" aria-pressed="true">Standings</button>
    <button type="button" data-tab="gaps" aria-pressed="false">Gaps</button>
    <button type="button" data-tab="news" aria-pressed="false">Events</button>
  </div>

  <section class="transport panel" part="panel transport" aria-label="Time">
    <div class="transport-buttons">
      <button class="tool" type="button" data-act="back" aria-label="Back 10 seconds" title="Back 10 s (J)" data-testid="viewer-back">${icon("M4.500 4v4h4M4.800 8a6.200 6.200 0 1 1-.9 3.600")}</button>
      <button class="tool strong" type="button" data-act="toggle" aria-label="Pause" title="Pause (Space)" data-testid="viewer-toggle"><svg class="icon" aria-hidden="true" viewBox="0 0 20 20"><path class="pause" d="M7 4.500v11m6-11v11"/><path class="play" d="M6.500 4v12l9.500-6-9.500-6Z"/></svg></button>
      <button class="tool" type="button" data-act="forward" aria-label="Forward 10 seconds" title="Forward 10 s (L)">${icon("M15.500 4v4h-4m3.700 0a6.200 6.200 0 1 0 .9 3.600")}</button>
    </div>
    <div class="scrub">
      <canvas class="ticks" aria-hidden="true"></canvas>
      <input class="range" type="range" min="-1000" max="0" step="100" value="0" aria-label="Playback position" data-testid="viewer-scrub">
    </div>
    <p class="behind" data-testid="viewer-behind" aria-hidden="true"></p>
    <label class="speed"><span class="visually-hidden">Speed</span><select data-testid="viewer-speed"></select></label>
    <button class="live-button" type="button" data-act="live" aria-pressed="true" data-testid="viewer-live"><i aria-hidden="true"></i>Live</button>
  </section>

  <p class="visually-hidden" role="status" data-testid="viewer-announcer"></p>

  <dialog class="keys" part="keys" aria-labelledby="keys-title" data-testid="viewer-keys">
    <header><h2 id="keys-title">Keyboard shortcuts</h2>
      <button class="tool" type="button" data-act="keys-close" aria-label="Close">${icon("m5 5 10 10M15 5 5 15")}</button></header>
    <dl></dl>
    <p class="keys-note">Shortcuts work while the viewer has the focus. Click a car or a driver to follow it.</p>
  </dialog>
</div>`;

/** @type {HTMLTemplateElement | undefined} */
let template;

/** A fresh inside. */
export function markup() {
  if (template === undefined) {
    template = document.createElement("template");
    template.innerHTML = trusted().createHTML(MARKUP);
  }
  return /** @type {DocumentFragment} */ (template.content.cloneNode(true));
}
