// How the panel looks: a sheet of its own, so that neither the page's styles nor a strict policy about styles gets in the way.

const CSS = `
:host {
  position: fixed; right: 12px; bottom: 12px; z-index: 2147483000;
  width: min(364px, calc(100vw - 16px));
  color-scheme: light dark;
  --card: light-dark(#ffffff, #14171c);
  --raised: light-dark(#f5f6f8, #1b1f26);
  --line: light-dark(#e1e4e9, #272c35);
  --line-strong: light-dark(#868e9a, #69727f);
  --ink: light-dark(#14161a, #eef1f5);
  --muted: light-dark(#59616d, #9aa3b0);
  --accent: light-dark(#c40500, #ff6a5e);
  --good: light-dark(#0b7a4b, #3ddc97);
  --warn: light-dark(#8a5a00, #ffc65c);
  --bad: light-dark(#b80d05, #ff8a7d);
  --blue: light-dark(#0b62e0, #7ab8ff);
  --violet: light-dark(#7a1fa2, #d9a2ff);
  color: var(--ink);
  font: 13px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
  text-align: left;
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([folded]) { width: auto; max-width: calc(100vw - 16px); }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, p, ol, dl, dd, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
ol { list-style: none; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 1px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { display: block; width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }

.panel {
  overflow: hidden; border: 1px solid var(--line); border-radius: 12px; background: var(--card);
  box-shadow: 0 1px 2px rgb(0 0 0 / 0.08), 0 18px 44px -14px rgb(0 0 0 / 0.38);
}

/* The head: all there is when it is folded */
header { display: flex; align-items: center; gap: 8px; padding: 6px 6px 6px 4px; cursor: grab; touch-action: none; user-select: none; }
header:active { cursor: grabbing; }
.grip, .tool { display: grid; place-items: center; flex: none; width: 26px; height: 28px; padding: 0; border: 0; border-radius: 7px; background: none; color: var(--muted); cursor: pointer; }
.grip { width: 20px; cursor: inherit; }
.grip .icon { stroke-width: 2.2; }
.tool:hover { background: var(--raised); color: var(--ink); }
.tool[data-act="fold"] { margin-left: auto; }
:host([folded]) .tool[data-act="fold"] .icon { transform: rotate(180deg); }
.tool[data-act="close"] { margin-left: -6px; }
.state { display: flex; align-items: center; gap: 7px; min-width: 0; white-space: nowrap; }
.state i { flex: none; width: 9px; height: 9px; border-radius: 50%; background: var(--muted); }
.state b { font-weight: 650; }
.state[data-state="connected"] i { background: var(--good); }
.state:is([data-state="connecting"], [data-state="reconnecting"]) i { background: var(--warn); animation: pulse 1s ease-in-out infinite alternate; }
.state[data-state="closed"] i { background: var(--bad); }
.since, .glance { color: var(--muted); }
.glance { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.glance:not(:empty)::before { content: "·"; margin-right: 8px; }
.since { overflow: hidden; text-overflow: ellipsis; }
@keyframes pulse { to { opacity: 0.35; } }

.tabs { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; border-block: 1px solid var(--line); background: var(--raised); }
.tabs button { height: 34px; padding: 0; border: 0; border-bottom: 2px solid transparent; background: none; color: var(--muted); font: inherit; font-weight: 600; cursor: pointer; }
.tabs button:hover { color: var(--ink); }
.tabs button[aria-selected="true"] { border-color: var(--accent); background: var(--card); color: var(--ink); }
.tabs :focus-visible, .page:focus-visible, .scroller:focus-visible { outline-offset: -2px; }
.page { height: min(372px, calc(100dvh - 108px)); overflow: auto; padding: 10px 12px 12px; scrollbar-width: thin; }
h2 { margin: 14px 0 6px; color: var(--muted); font-size: 11px; font-weight: 650; letter-spacing: 0.06em; text-transform: uppercase; }
h2:first-child { margin-top: 2px; }

/* Network */
.lane { display: grid; grid-template-columns: 74px minmax(0, 1fr) 60px; align-items: center; gap: 8px; height: 34px; }
.lane canvas { display: block; width: 100%; height: 28px; color: var(--blue); }
.lane[data-lane="jitter"] canvas { color: var(--violet); }
.lane[data-lane="loss"] canvas { color: var(--bad); }
.lane[data-lane="received"] canvas { color: var(--good); }
.lane output { font-weight: 650; text-align: right; white-space: nowrap; }
.lane-name { color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin-top: 8px; overflow: hidden; border: 1px solid var(--line); border-radius: 9px; background: var(--line); }
.figures div { padding: 5px 8px; background: var(--card); }
.figures dt { color: var(--muted); font-size: 11px; white-space: nowrap; }
.figures dd { font-weight: 600; white-space: nowrap; }
.states li, .scroller li { align-items: baseline; }
.states li { display: grid; grid-template-columns: 84px 96px minmax(0, 1fr) auto; gap: 8px; padding: 3px 0; border-top: 1px solid var(--line); }
.states li:first-child { border: 0; }
.time, .took { color: var(--muted); font-size: 12px; }
.states .name { font-weight: 600; }
.states [data-state="connected"] .name { color: var(--good); }
.states :is([data-state="connecting"], [data-state="reconnecting"]) .name { color: var(--warn); }
.states [data-state="closed"] .name { color: var(--bad); }
.why { overflow: hidden; color: var(--muted); text-overflow: ellipsis; white-space: nowrap; }

/* Room */
.room-name { font-size: 15px; font-weight: 650; overflow-wrap: anywhere; }
.room-note { margin-bottom: 8px; color: var(--muted); overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 4px 6px 4px 0; border-top: 1px solid var(--line); font-weight: 400; text-align: left; white-space: nowrap; }
thead th { border: 0; color: var(--muted); font-size: 11px; font-weight: 600; }
tbody th { width: 100%; max-width: 0; overflow: hidden; font-weight: 600; text-overflow: ellipsis; }
.number { padding: 4px 0 4px 8px; text-align: right; }
.id { color: var(--muted); }
.stale :is(th, td) { color: var(--warn); }
small { margin-left: 6px; padding: 0 5px; border: 1px solid var(--line-strong); border-radius: 5px; color: var(--muted); font-size: 10px; font-weight: 600; }

/* Events */
.events { display: flex; flex-direction: column; gap: 8px; }
.row { display: flex; align-items: center; gap: 8px; }
input[type="search"] { flex: 1; min-width: 0; height: 30px; padding: 0 9px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--card); color: inherit; font: inherit; }
::placeholder { color: var(--muted); opacity: 1; }
.button { display: inline-flex; align-items: center; justify-content: center; height: 30px; padding: 0 12px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--card); color: var(--ink); font: inherit; font-weight: 600; text-decoration: none; white-space: nowrap; cursor: pointer; }
.button:hover { background: var(--raised); }
.button:disabled, fieldset:disabled .button { opacity: 0.5; cursor: default; }
.button[aria-pressed="true"] { border-color: var(--bad); color: var(--bad); }
.danger { color: var(--bad); }
.chips { display: flex; flex-wrap: wrap; gap: 6px; }
.chip { position: relative; cursor: pointer; }
.chip input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.chip span { display: block; padding: 1px 9px; border: 1px solid var(--line-strong); border-radius: 99px; color: var(--muted); font-size: 12px; }
.chip :checked + span { border-color: var(--ink); background: var(--ink); color: var(--card); }
.chip :focus-visible + span { outline: 2px solid var(--blue); outline-offset: 1px; }
.scroller { flex: 1; min-height: 0; margin: 0 -12px -12px; padding: 0 12px 8px; overflow: auto; border-top: 1px solid var(--line); scrollbar-width: thin; }
.scroller li { display: grid; grid-template-columns: 84px 56px minmax(0, 1fr); gap: 6px; padding: 4px 0; border-top: 1px solid var(--line); }
.scroller li:first-child { border: 0; }
.scroller .nothing { grid-column: 1 / -1; color: var(--muted); }
.kind { color: var(--muted); font-weight: 600; }
.kind-state { color: var(--blue); }
.kind-room { color: var(--good); }
.kind-message { color: var(--violet); }
.kind-race { color: var(--accent); }
.words { overflow-wrap: anywhere; }

/* Lab */
.lab { display: grid; gap: 4px; }
.slider { display: grid; grid-template-columns: 66px minmax(0, 1fr) 58px; align-items: center; gap: 8px; min-height: 26px; color: var(--muted); }
.slider output { color: var(--ink); font-weight: 600; text-align: right; white-space: nowrap; }
.slider select { grid-column: 2 / -1; height: 30px; padding: 0 8px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--card); color: var(--ink); font: inherit; font-weight: 600; }
input[type="range"] { width: 100%; margin: 0; accent-color: var(--accent); cursor: pointer; }
.lab .row { justify-content: space-between; margin-top: 4px; }
.lab .note { font-size: 12px; }
.lab:disabled { opacity: 0.55; }
.note { color: var(--muted); }
.checks { margin-top: 6px; }
.checks li { display: grid; grid-template-columns: 16px 96px minmax(0, 1fr); gap: 6px; padding: 4px 0; border-top: 1px solid var(--line); }
.checks .sign { font-weight: 700; }
.checks .name { font-weight: 600; overflow-wrap: anywhere; }
.checks [data-ok="true"] .sign { color: var(--good); }
.checks [data-ok="false"] :is(.sign, .words) { color: var(--bad); }
.checks .advice { grid-column: 3; color: var(--muted); }

@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; }
}
@media (forced-colors: active) {
  .state i, canvas { forced-color-adjust: none; }
}
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** The one sheet of all panels of a page. */
export function look() {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
