// The package `ws` has no types of its own.
declare module "ws" {
  export const WebSocket: typeof globalThis.WebSocket;
}
