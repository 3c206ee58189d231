// A page that is in a race and watches one, by hooks, without JSX. The test renders it with other options, and looks.
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { RaceClient } from "mp-server-client";
import { mockRelay } from "mp-server-client/mock";
import { RaceViewer, useRace, useSpectator } from "mp-server-client/react";

const mock = mockRelay({ bots: 2 });
/** The names of all that connected, in their order. */
const connects = [];
const counted = {
  async connect(name, options) {
    connects.push(name);
    const relay = await mock;
    return relay.connect(name, options);
  },
};

function Racer({ name, room }) {
  // Another object in each render.
  const wish = name ? { relay: counted, name, room } : null;
  const { state, error, players, isHost, isActive, retry } = useRace(wish);
  return createElement(
    "section",
    null,
    createElement("output", { id: "race" }, [state, error?.code, isHost, isActive].map(String).join(" ")),
    createElement(
      "ul",
      null,
      ...players.map((player) => createElement("li", { key: player.id }, player.name)),
    ),
    createElement("button", { onClick: retry }, "Retry"),
  );
}

function Watcher({ watched }) {
  const { state, error, room } = useSpectator(watched);
  const names = room?.players.map(({ name }) => name) ?? [];
  return createElement("output", { id: "watch" }, [state, String(error?.code), ...names].join(" "));
}

let viewer;
const root = createRoot(
  document.querySelector("#root") ?? document.body.appendChild(document.createElement("div")),
);
function render({ name, room = "Bot race", watched = null, shown = null }) {
  const parts = [createElement(Racer, { name, room, key: "racer" })];
  if (watched) parts.push(createElement(Watcher, { watched, key: "watcher" }));
  if (shown) {
    const ref = (element) => (viewer = element);
    parts.push(
      createElement(RaceViewer, { ...shown, ref, className: "live", style: { height: 400 }, key: "viewer" }),
    );
  }
  root.render(createElement(StrictMode, null, ...parts));
}

window.app = { connects, render, RaceClient, unmount: () => root.unmount(), viewer: () => viewer };
void mock.then((relay) => (window.app.relay = relay));
