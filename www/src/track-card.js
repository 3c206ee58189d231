// The card beside the list of rooms: what the circuit looks like, how long it is, how many start on it.

import { element, setText } from "./element.js";
import { trackFacts } from "./hero.js";
import { MiniMap } from "./minimap.js";

/**
 * @param {import("./track.js").Track} track
 */
export function createTrackCard(track) {
  const canvas = element("lobby-map", HTMLCanvasElement);
  const map = new MiniMap(canvas, track);
  setText(element("track-name", HTMLElement), track.name);
  setText(element("track-facts", HTMLElement), trackFacts(track.line, track.garageXs.length));
  const draw = () => {
    map.resize();
    map.drawGround();
  };
  new ResizeObserver(draw).observe(canvas);
  return {
    /** @param {boolean} dark */
    useDark(dark) {
      map.useDark(dark);
      draw();
    },
  };
}
