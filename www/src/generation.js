// Finds out of which generation a game server is, when its relay does not know yet. Loaded only then.

/** The relay asks the game server for a few seconds at most. */
const TIMEOUT_MS = 10_000;

/**
 * The relay dials the game server to say whether it is ready, and knows the generation afterwards.
 * @param {string} address  the relay's, with the game server that the visitor has chosen
 * @param {typeof import("/pkg/index.js").relayConfig} relayConfig
 * @param {readonly { name: string }[]} [servers]  the relay's game servers, if they have names, the default one first
 * @returns {Promise<string | undefined>}  undefined: it stays unknown
 */
export async function findGeneration(address, relayConfig, servers = []) {
  const url = new URL(address);
  // Without a name any of them answers.
  const [usual] = servers;
  const search = url.search || (usual ? `?server=${encodeURIComponent(usual.name)}` : "");
  const response = await fetch(new URL(`readyz${search}`, url), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    cache: "no-store",
  });
  // An answer that is not read counts as aborted when the page goes.
  await response.text();
  return response.ok ? (await relayConfig(address)).generation : undefined;
}
