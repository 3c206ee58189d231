// One player in a list, with a button that mutes them: in the room and in the race's menu.

import { make, setText } from "./element.js";
import { wear } from "./map/plate.js";

export class PlayerRow {
  /**
   * @param {string} id
   * @param {import("./livery.js").Liveries} liveries
   * @param {import("./flow.js").Flow} flow
   */
  constructor(id, liveries, flow) {
    this.liveries = liveries;
    this.root = make("li", "player");
    this.root.dataset.testid = "player";
    this.root.dataset.playerId = id;
    this.plate = make("span", "plate");
    this.name = make("bdi", "player-name");
    this.you = make("span", "tag", "You");
    this.host = make("span", "tag", "Host");
    this.host.dataset.kind = "host";
    this.mute = make("button", "button quiet small");
    this.mute.type = "button";
    this.mute.dataset.testid = "mute";
    this.mute.addEventListener("click", () =>
      flow.mute(id, this.mute.getAttribute("aria-pressed") !== "true"),
    );
    this.root.append(this.plate, this.name, this.you, this.host, this.mute);
  }

  /**
   * @param {import("./state.js").Player} player
   * @param {boolean} isHost
   * @param {boolean} isMe
   * @param {boolean} isMuted
   */
  show({ id, name }, isHost, isMe, isMuted) {
    const shown = name || "Anonymous";
    wear(this.plate, this.liveries.of(id));
    setText(this.name, shown);
    this.mute.hidden = isMe;
    this.mute.setAttribute("aria-pressed", String(isMuted));
    this.mute.setAttribute("aria-label", `Mute messages of ${shown}`);
    setText(this.mute, isMuted ? "Unmute" : "Mute");
    this.you.hidden = !isMe;
    this.host.hidden = !isHost;
  }
}
