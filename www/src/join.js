// The link that leads into a room, `…/join/ROOM` or `…/join/ROOM?server=NAME`, where the page itself is, and the game server behind the relay that it uses.

/** The top of the page, with a slash at its end: the relay's address, with the path under which a proxy may serve it. */
export const BASE = new URL("../", import.meta.url).href;
/** Follows a room's link while the player is in the room's race. */
export const IN_RACE = "#race";

/**
 * Under this key the session keeps the player's room, `{ id, name, alone }`: a reload leads back into it. If the player was
 * alone, the room may be gone by then, and is created again.
 */
export const KEPT_ROOM = "race-room";

/** Show the page: the player is back, or must sign in. See resuming.js. */
export const endResuming = () => delete document.documentElement.dataset.resuming;

/**
 * The game server that the page uses, as the end of an address: `?server=NAME`, and empty for the relay's default one. It is that of the page's
 * address until the visitor chooses another.
 */
export const game = {
  query: (/[?&]server=[^&]+/.exec(globalThis.location?.search) ?? [""])[0].replace("&", "?"),
};

/** @param {string} room  its id */
export const joinLink = (room) => `${BASE}join/${encodeURIComponent(room)}${game.query}`;

/**
 * The room that an address leads into; empty for none. The relay answers a link with the page at `/?join=ROOM`, and keeps `server` of its query.
 * @param {{ pathname: string, search: string }} address
 */
export function joinOf({ pathname, search }) {
  const [, room = ""] = /\/join\/([^/]+)\/?$/.exec(pathname) ?? /[?&]join=([^&]+)/.exec(search) ?? [];
  try {
    return decodeURIComponent(room);
  } catch {
    // Not a valid encoding, so no room has this id.
    return room;
  }
}
