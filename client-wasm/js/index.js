/**
 * The main entry of the package: the client, its rooms and errors. The import has no side effects.
 * @module mp-server-client
 */

export { RaceClient } from "./client.js";
export { Room } from "./room.js";
export { RaceError } from "./error.js";
export { fetchTrack, relayConfig } from "./address.js";
export { CAR_STRIDE } from "./core.js";
export { doctor } from "./doctor.js";
export { init } from "./wasm-core.js";

/** @typedef {import("./client.js").RaceOptions} RaceOptions */
/** @typedef {import("./client.js").RaceEvents} RaceEvents */
/** @typedef {import("./client.js").ListedRoom} ListedRoom */
/** @typedef {import("./capabilities.js").Capabilities} Capabilities */
/** @typedef {import("./capabilities.js").Generation} Generation */
/** @typedef {import("./core.js").SignIn} SignIn */
/** @typedef {import("./core.js").SignedIn} SignedIn */
/** @typedef {import("./connection.js").ClientState} ClientState */
/** @typedef {import("./connection.js").StateChange} StateChange */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./core.js").ReconnectOptions} ReconnectOptions */
/** @typedef {import("./address.js").RelayConfig} RelayConfig */
/** @typedef {import("./room.js").RoomEvents} RoomEvents */
/** @typedef {import("./players.js").Player} Player */
/** @typedef {import("./cars.js").Car} Car */
/** @typedef {import("./cars.js").CarSample} CarSample */
/** @typedef {import("./stats.js").Stats} Stats */
/** @typedef {import("./error.js").RaceErrorCode} RaceErrorCode */
/** @typedef {import("./spectator.js").Spectator} Spectator */
/** @typedef {import("./spectator.js").SpectateOptions} SpectateOptions */
/** @typedef {import("./engine.js").Recording} Recording */
/** @typedef {import("./replay.js").Replay} Replay */
/** @typedef {import("./replay.js").WatchedReplay} WatchedReplay */
/** @typedef {import("./lab.js").Conditions} Conditions */
/** @typedef {import("./module.js").InitInput} InitInput */
/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreFactory} CoreFactory */
/** @typedef {import("./core.js").CoreOptions} CoreOptions */
/** @typedef {import("./client.js").ClientOptions} ClientOptions */
/** @typedef {import("./engine.js").EngineOptions} EngineOptions */
/** @typedef {import("./players.js").RoomPlayer} RoomPlayer */
/** @typedef {import("./core.js").SpawnPosition} SpawnPosition */
/** @typedef {import("./room.js").Vector} Vector */
/** @typedef {import("./room.js").Quaternion} Quaternion */
/** @typedef {import("./room.js").Pose} Pose */
/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./track.js").TrackFile} TrackFile */
/** @typedef {import("./track.js").Point} Point */
/** @typedef {import("./track.js").Place} Place */
/** @typedef {import("./emitter.js").ListenOptions} ListenOptions */
/** @typedef {import("./emitter.js").StreamOptions} StreamOptions */
/** @typedef {import("./error.js").OwnCode} OwnCode */
/** @typedef {import("./error.js").CoreCode} CoreCode */
/** @typedef {import("./spectator.js").SpectatedRoom} SpectatedRoom */
/** @typedef {import("./spectator.js").SpectatorFactory} SpectatorFactory */
/** @typedef {import("./spectator.js").SpectatorCore} SpectatorCore */
/** @typedef {import("./spectator.js").SpectatorEvents} SpectatorEvents */
/** @typedef {import("./spectator.js").SpectatorStats} SpectatorStats */
/** @typedef {import("./recorder.js").RecordingOptions} RecordingOptions */
/** @typedef {import("./replay.js").ReplayOptions} ReplayOptions */
/** @typedef {import("./doctor/report.js").Report} Report */
/** @typedef {import("./doctor/examination.js").DoctorOptions} DoctorOptions */
/** @typedef {import("./core.js").CoreState} CoreState */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {import("./core.js").CoreMetrics} CoreMetrics */
