// Whether positions come through: two sessions in a room of their own, each sends, and each must see the other.
import { quoted } from "./report.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("./report.js").Findings} Findings */

const SEND_MS = 100;
/** Fifty datagrams; were half of them lost, all the others would have to be too. */
const GIVE_UP_MS = 5000;

const ADVICE =
  "For the operator: let UDP pass between relay and game server, check the relay's options --udp and --udp-secret (it must be the game server's), and that nothing between changes binary frames.";

/**
 * @param {Findings} findings
 * @param {Core} one  signed in
 * @param {Core} other  signed in
 * @param {{ clock: Clock, signal: AbortSignal | undefined }} options
 */
export async function checkDatagrams(findings, one, other, { clock, signal }) {
  try {
    const { roomId } = await one.createRoom("Connection test");
    await other.joinRoom(roomId);
  } catch (error) {
    const advice = "For the operator: rooms of the game server do not work; look into its log.";
    findings.wrong("datagrams", `no room could be made for the test: ${quoted(error)}`, advice);
    return;
  }
  const beganMs = clock.now();
  while (!signal?.aborted && clock.now() - beganMs < GIVE_UP_MS) {
    for (const core of [one, other]) core.sendUpdate(0, 0, 0, 0, 0, 0, 1);
    if (sees(one) && sees(other)) {
      const tookMs = Math.round(clock.now() - beganMs);
      findings.fine("datagrams", `positions come through both ways, the first within ${tookMs} ms`);
      return;
    }
    await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), SEND_MS));
  }
  if (signal?.aborted) return;
  const words = sees(one) || sees(other) ? "come through one way only" : "do not come through";
  findings.wrong("datagrams", `positions ${words}: nothing within ${GIVE_UP_MS / 1000} s`, ADVICE);
}

/** @param {Core} core */
function sees(core) {
  core.sample();
  return core.carCount() > 0;
}
