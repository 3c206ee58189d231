// What the address of the watching page says: which room, with what token, and how it is to look. Pure.
//
// The token stands behind the #, which browsers send to nobody, so that no log on the way keeps it.

import { BASE, game } from "./join.js";

/** @typedef {{ room: string, token: string, embed: boolean, theme: "light" | "dark" | "", follow: string, track: string }} Wanted */

/**
 * @param {{ pathname: string, search: string, hash: string }} location  the list of races is at `watch/`, a race at `watch/ROOM`
 * @returns {Wanted}
 */
export function wantedOf({ pathname, search, hash }) {
  const query = new URLSearchParams(search);
  const [, inPath] = /\/watch\/([^/]+)\/?$/.exec(pathname) ?? [];
  const secret = new URLSearchParams(hash.slice(1));
  const theme = query.get("theme") ?? "";
  return {
    room: decode(inPath ?? "") || (query.get("room") ?? ""),
    token: secret.get("access") ?? "",
    embed: isOn(query.get("embed")),
    theme: theme === "dark" || theme === "light" ? theme : "",
    follow: query.get("follow") ?? "",
    track: query.get("track") ?? "",
  };
}

/**
 * The address that shows a room of the page's game server.
 * @param {string} room
 * @param {string} [token]
 */
export function watchLink(room, token = "") {
  const link = `${BASE}watch/${encodeURIComponent(room)}${game.query}`;
  return token ? `${link}#access=${encodeURIComponent(token)}` : link;
}

/** @param {string | null} value */
function isOn(value) {
  return value !== null && value !== "0" && value !== "false";
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded by anybody who knows how: the relay will say that there is no such room.
    return text;
  }
}
