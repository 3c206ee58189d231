// A player who cannot reach the relay any more: `node unreachable.js RELAY`. Prints why an attempt to connect again
// failed, without and with a simulated network.
import { RaceClient } from "mp-server-client";

const [relay] = process.argv.slice(2);
/** A port that nothing listens on. */
const GONE = "ws://127.0.0.1:1";

async function codeOfAnAttempt(simulated) {
  const sockets = [];
  const webSocket = (url, protocols) => {
    sockets.push(new WebSocket(sockets.length > 0 ? GONE : url, protocols));
    return sockets.at(-1);
  };
  const client = await RaceClient.connect(relay, { name: "Ann", webSocket });
  if (simulated) await client.simulate({ latencyMs: 1 });
  const failed = new Promise((resolve) => {
    client.on("state", ({ attempt, retryInMs, code }) => attempt > 1 && retryInMs > 0 && resolve(code));
  });
  sockets[0].close(3000);
  const code = await failed;
  await client.close();
  return code;
}
process.stdout.write(JSON.stringify([await codeOfAnAttempt(false), await codeOfAnAttempt(true)]));
