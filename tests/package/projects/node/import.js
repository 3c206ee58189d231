// As a server that renders pages imports every entry.
const known = new Set(Object.getOwnPropertyNames(globalThis));
const found = {
  "mp-server-client": typeof (await import("mp-server-client")).RaceClient,
  "mp-server-client/inline": typeof (await import("mp-server-client/inline")).RaceClient,
  "mp-server-client/viewer": typeof (await import("mp-server-client/viewer")).defineRaceViewer,
  "mp-server-client/debug": typeof (await import("mp-server-client/debug")).attachDebugPanel,
  "mp-server-client/explain": typeof (await import("mp-server-client/explain")).explain,
  "mp-server-client/map": typeof (await import("mp-server-client/map")).RaceMap,
  "mp-server-client/react": typeof (await import("mp-server-client/react")).useRace,
  "mp-server-client/mock": typeof (await import("mp-server-client/mock")).mockRelay,
  "mp-server-client/telemetry": typeof (await import("mp-server-client/telemetry")).report,
  "mp-server-client/worker": typeof (await import("mp-server-client/worker")).workerCore,
};
const added = Object.getOwnPropertyNames(globalThis).filter((name) => !known.has(name));
process.stdout.write(JSON.stringify({ ...found, added }));
