// How the element looks: a sheet of its own, so that neither the page's styles nor a strict policy about styles gets in
// the way. Sizes follow the element's own width, since it may be a small box in somebody's page.

const CSS = `
:host {
  display: block;
  position: relative;
  container-type: inline-size;
  min-height: 300px;
  color-scheme: light dark;
  --bg: var(--race-background, light-dark(#eceff3, #0b0d10));
  --solid: var(--race-panel, light-dark(#ffffff, #14171c));
  --card: var(--race-panel, light-dark(rgb(255 255 255 / 0.97), rgb(17 20 25 / 0.95)));
  --line: var(--race-line, light-dark(#dfe2e7, #262b33));
  --line-strong: light-dark(#868e9a, #69727f);
  --ink: var(--race-ink, light-dark(#14161a, #eef1f5));
  --muted: var(--race-muted, light-dark(#59616d, #9aa3b0));
  --soft: var(--race-hover, light-dark(#eef0f3, #1d2128));
  --accent: var(--race-accent, #e10600);
  --good: light-dark(#0b7a4b, #3ddc97);
  --warn: light-dark(#8a5a00, #ffc65c);
  --bad: light-dark(#b80d05, #ff8a7d);
  --purple: light-dark(#7a1fa2, #d9a2ff);
  --focus: var(--race-focus, light-dark(#0b62e0, #7ab8ff));
  --radius: var(--race-radius, 12px);
  color: var(--ink);
  font-family: var(--race-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
  font-size: 16px;
  line-height: 1.4;
  -webkit-text-size-adjust: 100%;
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host(:not([embed])) { background: var(--bg); }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, p, ol, dl, dd { margin: 0; padding: 0; }
ol { list-style: none; }
abbr { text-decoration: none; }
:focus-visible { outline: 2.5px solid var(--focus); outline-offset: 2px; }
.visually-hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.icon {
  width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.6;
  stroke-linecap: round; stroke-linejoin: round;
}

/* The frame: the map fills it, everything else lies on it. */
.viewer {
  position: relative; height: 100%; min-height: inherit; overflow: hidden;
  display: grid; gap: 12px; padding: 12px;
  grid-template: "board . side" minmax(0, 1fr) "board bar side" auto / var(--left) minmax(0, 1fr) var(--right);
  font-variant-numeric: tabular-nums;
  pointer-events: none;
  --left: 356px;
  --right: 236px;
}
.viewer > * { pointer-events: auto; }
.stage { position: absolute; inset: 0; }
.map { position: absolute; inset: 0; width: 100%; height: 100%; display: block; touch-action: pan-x pan-y; cursor: grab; }
:host([gestures="all"]) .map { touch-action: none; }
.map:active { cursor: grabbing; }
.map:focus-visible { outline-offset: -3px; }
.panel {
  position: relative; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card);
  box-shadow: 0 8px 24px -14px rgb(0 0 0 / 0.5);
}
.panel-head { display: flex; align-items: baseline; justify-content: space-between; gap: 10px; padding: 11px 14px 8px; }
.panel-head h2 { font-size: 0.94rem; font-weight: 700; letter-spacing: -0.01em; }
.panel-head p { color: var(--muted); font-size: 0.78rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.board { background: var(--solid); grid-area: board; align-self: start; max-height: 100%; display: flex; flex-direction: column; min-height: 0; }
.side { grid-area: side; display: grid; gap: 12px; grid-template-rows: auto minmax(0, 1fr); min-height: 0; pointer-events: none; }
.side > * { pointer-events: auto; }
.news { display: flex; flex-direction: column; min-height: 0; align-self: start; max-height: 100%; }
.scroller { overflow: auto; min-height: 0; overscroll-behavior: contain; scrollbar-width: thin; border-radius: 0 0 var(--radius) var(--radius); }
.scroller:focus-visible { outline-offset: -3px; }
.nobody { padding: 10px 14px 16px; color: var(--muted); font-size: 0.84rem; }

/* What is shown, and where on the map that is said */
.badge {
  position: absolute; top: 14px; left: calc(var(--left) + 26px);
  display: flex; align-items: center; gap: 7px; padding: 0 11px; border-radius: 999px;
  border: 1px solid var(--line); background: var(--card); font-size: 0.8rem; font-weight: 700; line-height: 28px; white-space: nowrap;
}
.badge i, .live-button i { width: 8px; height: 8px; border-radius: 50%; background: var(--muted); }
.badge[data-kind="live"] i, .live-button[aria-pressed="true"] i { background: var(--accent); }
.badge[data-kind="live"] i { animation: pulse 2s ease-in-out infinite; }
.badge[data-kind="trouble"] { color: var(--warn); }
.badge[data-kind="trouble"] i { background: currentColor; }
@keyframes pulse { 50% { opacity: 0.35; } }
.hint {
  position: absolute; top: 50%; left: calc(50% + (var(--left) - var(--right)) / 2); transform: translate(-50%, -50%); width: max-content; max-width: 80%;
  padding: 8px 14px; border-radius: 999px; background: rgb(12 14 18 / 0.86); color: #ffffff; font-size: 0.9rem; font-weight: 600; text-align: center; opacity: 0;
}
/* What only says something lets the pointer through to the map. */
.hint, .badge, .message { pointer-events: none; }
.message .button { pointer-events: auto; }
.message {
  position: absolute; top: 50%; left: calc(50% + (var(--left) - var(--right)) / 2); transform: translate(-50%, -50%); width: max-content; max-width: min(330px, 80%);
  display: grid; gap: 6px; justify-items: center; padding: 18px 22px; text-align: center;
  border: 1px solid var(--line); border-radius: 14px; background: var(--card);
}
.message-title { font-weight: 700; font-size: 1.02rem; }
.message-next { color: var(--muted); font-size: 0.88rem; }
.message-next:empty { display: none; }
.button {
  min-height: 40px; margin-top: 6px; padding: 0 16px; border: 1px solid var(--line-strong); border-radius: 10px;
  background: var(--solid); color: inherit; font: 620 0.92rem/1 inherit; font-family: inherit; cursor: pointer;
}
.button:hover { background: var(--soft); }
.tools { position: absolute; top: 12px; right: calc(var(--right) + 24px); display: grid; gap: 4px; padding: 4px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card); }
.tool {
  display: inline-grid; place-items: center; width: 36px; height: 36px; padding: 0; border: 0; border-radius: 9px;
  background: transparent; color: inherit; cursor: pointer;
}
.tool:hover { background: var(--soft); }
.tool[aria-pressed="true"] { background: var(--ink); color: var(--solid); }
.tool.strong { background: var(--ink); color: var(--solid); border-radius: 50%; width: 40px; height: 40px; }
.tool.strong .play { fill: currentColor; }
.tool.strong[data-paused="true"] .pause, .tool.strong:not([data-paused="true"]) .play { display: none; }
.tool.strong .pause { stroke-width: 3; stroke-linecap: butt; }

/* Standings */
/* With fixed widths, a changed text does not lay out a hundred rows anew. */
table { table-layout: fixed; border-collapse: separate; border-spacing: 0; width: 100%; font-size: 0.82rem; line-height: 1.2; }
th, td { padding: 0 6px; height: 31px; text-align: right; font-weight: 500; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { position: sticky; top: 0; z-index: 2; height: 26px; border-top: 0; background: var(--solid); color: var(--muted); font-size: 0.74rem; font-weight: 600; }
.c-place { width: 34px; min-width: 34px; max-width: 34px; padding: 0 4px 0 8px; text-align: right; }
td.c-place { font-weight: 750; }
.c-driver { text-align: left; }
.c-lap { width: 2.2rem; }
.c-gap { width: 4rem; }
.c-interval, .c-speed { width: 3.2rem; }
.c-last, .c-best { width: 5.1rem; }
.c-signal { width: 2.5rem; }
/* The last column, which differs with the width, ends as far from the edge as the first one begins. */
tr::after { content: ""; display: table-cell; width: 8px; border-top: 1px solid var(--line); }
thead tr::after { position: sticky; top: 0; z-index: 2; border-top: 0; background: var(--solid); }
thead .c-driver { padding-left: 12px; }
tbody tr { cursor: pointer; background: var(--row, transparent); }
tbody tr:hover { --row: var(--soft); }
tbody tr.selected { --row: light-dark(#dbe8ff, #1c3157); }
tbody tr.selected td.c-place { box-shadow: inset 4px 0 var(--focus); }
tbody tr.lost .name { opacity: 0.62; font-style: italic; }
.driver {
  display: flex; align-items: center; gap: 8px; width: 100%; height: 30px; padding: 0 2px; border: 0; border-radius: 6px;
  background: none; color: inherit; font: inherit; font-weight: 650; text-align: left; cursor: pointer;
}
.driver:focus-visible { outline-offset: -2px; }
.name { overflow: hidden; text-overflow: ellipsis; }
.plate {
  display: inline-grid; place-items: center; flex: none; min-width: 25px; height: 19px; padding: 0 3px; border-radius: 5px;
  border: 1px solid rgb(20 22 26 / 0.45); background: var(--body); color: var(--plate-ink); font-size: 0.74rem; font-weight: 800;
}
.plate.striped { box-shadow: inset 0 3px #14161a, inset 0 -3px #14161a; }
.c-lap, .c-speed { color: var(--muted); }
.fastest { color: var(--purple); font-weight: 700; }
.fastest::before { content: "★ "; font-size: 0.86em; }
.signal { display: inline-block; width: 15px; height: 11px; --on: var(--good);
  background:
    linear-gradient(var(--on) 0 0) 0 100% / 3px 4px,
    linear-gradient(var(--two, var(--on)) 0 0) 6px 100% / 3px 7px,
    linear-gradient(var(--three, var(--on)) 0 0) 12px 100% / 3px 11px;
  background-repeat: no-repeat;
}
.signal[data-kind="weak"] { --on: var(--warn); --three: var(--line); }
.signal[data-kind="lost"] { --on: var(--bad); --two: var(--line); --three: var(--line); }
.board th.c-driver, .board .c-place { position: sticky; z-index: 1; background: linear-gradient(var(--row, transparent) 0 0), var(--solid); }
.board .c-place { left: 0; }
.board th.c-driver { left: 34px; }
.board thead .c-place, .board thead th.c-driver { z-index: 3; }

/* Gaps and events */
.ring { display: block; width: 100%; aspect-ratio: 1; }
.event {
  display: grid; grid-template-columns: 10px minmax(0, 1fr) auto; align-items: baseline; gap: 9px; width: 100%; padding: 7px 14px;
  border: 0; border-top: 1px solid var(--line); background: none; color: inherit; font: inherit; font-size: 0.82rem; line-height: 1.35; text-align: left; cursor: pointer;
}
.event:hover { background: var(--soft); }
.event:disabled { cursor: default; background: none; }
.event:disabled span { opacity: 0.75; }
.event:focus-visible { outline-offset: -3px; }
.event time { color: var(--muted); font-size: 0.74rem; }
.event i { width: 8px; height: 8px; border-radius: 2px; background: var(--line-strong); align-self: center; }
.event[data-kind="overtake"] i { background: var(--focus); clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.event[data-kind="fastestLap"] i { background: var(--purple); border-radius: 50%; }
.event[data-kind="started"] i { background: var(--ink); }

/* The time bar */
.transport { grid-area: bar; align-self: end; display: grid; grid-template-columns: auto minmax(60px, 1fr); grid-auto-flow: column; grid-auto-columns: auto; align-items: center; gap: 10px; padding: 8px 12px; }
.transport-buttons { display: flex; align-items: center; gap: 2px; }
.scrub { position: relative; display: grid; }
.ticks { position: absolute; left: 8px; right: 8px; width: calc(100% - 16px); top: 1px; height: 9px; pointer-events: none; }
.range { appearance: none; width: 100%; height: 34px; margin: 0; background: none; cursor: pointer; --part: 1; }
.range:disabled { cursor: default; opacity: 0.5; }
.range::-webkit-slider-runnable-track { height: 5px; border-radius: 3px; background: linear-gradient(to right, var(--accent) calc(var(--part) * 100%), var(--line-strong) 0); }
.range::-moz-range-track { height: 5px; border-radius: 3px; background: var(--line-strong); }
.range::-moz-range-progress { height: 5px; border-radius: 3px; background: var(--accent); }
.range::-webkit-slider-thumb { appearance: none; width: 16px; height: 16px; margin-top: -5.5px; border: 3px solid var(--solid); border-radius: 50%; background: var(--accent); box-shadow: 0 0 0 1px var(--line-strong); }
.range::-moz-range-thumb { width: 11px; height: 11px; border: 3px solid var(--solid); border-radius: 50%; background: var(--accent); }
.behind:empty { display: none; }
.behind { min-width: 44px; font-size: 0.82rem; font-weight: 650; text-align: right; }
.speed select {
  appearance: none; min-height: 34px; padding: 0 9px; border: 1px solid var(--line-strong); border-radius: 9px;
  background: var(--solid); color: inherit; font: 650 0.82rem/1 inherit; font-family: inherit; cursor: pointer; text-align: center;
}
.live-button {
  display: inline-flex; align-items: center; gap: 7px; min-height: 34px; padding: 0 12px; border: 1px solid var(--line-strong); border-radius: 9px;
  background: var(--solid); color: inherit; font: 700 0.82rem/1 inherit; font-family: inherit; cursor: pointer;
}
.live-button:hover { background: var(--soft); }
.live-button[aria-pressed="true"] { border-color: transparent; background: var(--soft); }

/* The keys */
dialog {
  width: min(440px, calc(100vw - 24px)); max-height: calc(100dvh - 24px); padding: 22px; border: 1px solid var(--line); border-radius: 18px;
  background: var(--solid); color: var(--ink); box-shadow: 0 30px 80px -20px rgb(0 0 0 / 0.55);
}
dialog::backdrop { background: rgb(6 8 11 / 0.55); }
dialog header { display: flex; align-items: center; justify-content: space-between; margin-bottom: 8px; }
dialog h2 { font-size: 1.2rem; }
dialog dl div { display: grid; grid-template-columns: 128px 1fr; align-items: baseline; padding: 5px 0; border-top: 1px solid var(--line); font-size: 0.88rem; }
kbd {
  display: inline-block; min-width: 24px; margin-right: 4px; padding: 0 6px; border: 1px solid var(--line-strong); border-bottom-width: 2px; border-radius: 6px;
  background: var(--soft); font: 650 0.76rem/22px inherit; font-family: inherit; text-align: center;
}
.keys-note { margin-top: 12px; color: var(--muted); font-size: 0.82rem; }
.tabs { display: none; }

/* Columns by their priority: every column, what a laptop has room for, and what a phone has room for */
@container (min-width: 1240px) {
  .viewer { --left: 612px; --right: 268px; }
}
@container (min-width: 760px) and (max-width: 1239px) {
  :is(.c-last, .c-best, .c-speed, .c-signal) { display: none; }
}
@container (max-width: 560px) {
  :is(.c-best, .c-speed, .c-signal) { display: none; }
}
@container (max-width: 440px) {
  .c-interval { display: none; }
}

/* Where three columns leave no map: one of the panels at a time */
@container (max-width: 1099px) {
  .side { display: contents; }
  .tabs { position: relative; grid-area: tabs; display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; background: var(--solid); border-bottom: 1px solid var(--line); }
  .tabs button { min-height: 42px; border: 0; border-bottom: 3px solid transparent; background: none; color: var(--muted); font: 650 0.88rem/1 inherit; font-family: inherit; cursor: pointer; }
  .tabs button[aria-pressed="true"] { color: var(--ink); border-color: var(--accent); }
  .tabs button:focus-visible { outline-offset: -3px; }
  .board, .gaps, .news { grid-area: panel; }
  .panel-head { display: none; }
  [data-tab="board"] :is(.gaps, .news), [data-tab="gaps"] :is(.board, .news), [data-tab="news"] :is(.board, .gaps) { display: none; }
}
@container (min-width: 760px) and (max-width: 1099px) {
  .viewer { --left: 304px; --right: 0px; row-gap: 0; grid-template: "tabs ." auto "panel ." minmax(0, 1fr) "panel bar" auto / var(--left) minmax(0, 1fr); }
  .tabs { border: 1px solid var(--line); border-radius: var(--radius) var(--radius) 0 0; overflow: hidden; }
  .board, .gaps, .news { border-top: 0; border-top-left-radius: 0; border-top-right-radius: 0; }
  .gaps { align-self: start; }
  .tools { right: 12px; }
  .c-interval { display: none; }
}

/* A phone, or a narrow box: the map above, the panel below it */
@container (max-width: 759px) {
  .viewer { --left: 0px; --right: 0px; gap: 0; padding: 0; grid-template: "stage" minmax(200px, 46%) "bar" auto "tabs" auto "panel" minmax(0, 1fr) / minmax(0, 1fr); }
  .stage { position: relative; inset: auto; grid-area: stage; }
  .panel { border: 0; border-radius: 0; box-shadow: none; background: var(--solid); }
  .transport { grid-area: bar; gap: 6px; padding: 6px 10px; border-bottom: 1px solid var(--line); }
  .behind { min-width: 40px; }
  .board, .gaps, .news { align-self: stretch; }
  .board .scroller, .news .scroller { flex: 1; border-radius: 0; }
  .gaps { display: grid; place-items: center; min-height: 0; }
  .ring { width: auto; height: 100%; max-width: 100%; max-height: 420px; min-height: 0; }
  .tools { right: 8px; top: 8px; }
  .message { max-width: calc(100% - 116px); }
  .badge { top: 8px; left: 8px; }
  th, td { height: 36px; }
  .driver { height: 35px; }
  [data-act="keys"] { display: none; }
}
@container (max-width: 420px) {
  .behind { position: absolute; top: -26px; left: 10px; }
  [data-act="forward"] { display: none; }
}

/* In somebody's page or over a video: nothing but the race until somebody points at it. What cannot be seen cannot be
   pressed: a tap that makes the buttons appear comes before they do. */
:host([embed]) .news, :host([embed]) .panel-head, :host([embed]) .tabs, :host([embed]) .gaps { display: none; }
:host([embed]) .panel { background: light-dark(rgb(255 255 255 / 0.88), rgb(13 15 19 / 0.8)); }
:host([embed]) .viewer { --left: 268px; --right: 0px; row-gap: 12px; grid-template: "board ." minmax(0, 1fr) "board bar" auto / var(--left) minmax(0, 1fr); }
:host([embed]) .board { display: flex; grid-area: board; border: 1px solid var(--line); border-radius: var(--radius); }
:host([embed]) .tools { right: 12px; }
:host([embed]) .board :is(.c-lap, .c-interval, .c-last, .c-best, .c-speed, .c-signal) { display: none; }
:host([embed]) .board :is(.c-place, th.c-driver) { position: static; background: var(--row, transparent); }
:host([embed]) thead th { background: transparent; }
:host([embed]) :is(.transport, .tools) { opacity: 0; visibility: hidden; transition: opacity 160ms, visibility 160ms; }
:host([embed]:is(:hover, :focus-within)) :is(.transport, .tools) { opacity: 1; visibility: visible; transition: opacity 160ms 80ms, visibility 0s 80ms; }
@container (max-width: 759px) {
  :host([embed]) .viewer { --left: 0px; grid-template: "stage" minmax(0, 1fr) / minmax(0, 1fr); }
  :host([embed]) .board { display: none; }
  :host([embed]) .transport { position: absolute; inset: auto 0 0; border-radius: 0; }
  :host([embed]) .tools { right: 8px; }
  :host([embed]) .badge { left: 8px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  :host { --line: CanvasText; --line-strong: CanvasText; --accent: Highlight; --focus: Highlight; --good: CanvasText; --warn: CanvasText; --bad: CanvasText; }
  .map, .ring, .ticks, .plate, .signal, .event i, .badge i, .live-button i { forced-color-adjust: none; }
  .hint { border: 1px solid CanvasText; background: Canvas; color: CanvasText; }
  .tool[aria-pressed="true"], .tabs button[aria-pressed="true"], .live-button[aria-pressed="true"], tbody tr.selected {
    forced-color-adjust: none; --row: Highlight; background: Highlight; color: HighlightText;
  }
  tbody tr.selected :is(.c-lap, .c-speed, .driver) { color: inherit; }
  .range { forced-color-adjust: none; }
}
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** The one sheet of all viewers of a page. */
export function look() {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
