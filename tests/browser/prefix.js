// A proxy that serves a relay under a path, as an operator's own web server may.
import { once } from "node:events";
import http from "node:http";
import net from "node:net";

/**
 * Start it.
 * @param {string} relay  the relay's address
 * @param {string} prefix  such as `/racing`
 */
export async function startPrefix(relay, prefix) {
  const { hostname, port } = new URL(relay);
  /** @param {http.IncomingMessage} request */
  const ownPath = ({ url = "" }) => (url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : null);
  const server = http.createServer((request, response) => {
    const path = ownPath(request);
    if (path === null) return void response.writeHead(404).end();
    const { method, headers } = request;
    const forwarded = http.request({ hostname, port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  server.on("upgrade", (request, socket, head) => {
    const relaySocket = net.connect(Number(port), hostname);
    sockets.add(relaySocket);
    const lines = [`GET ${ownPath(request)} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    relaySocket.write(`${lines.join("\r\n")}\r\n\r\n`);
    relaySocket.write(head);
    relaySocket.pipe(socket).pipe(relaySocket);
    for (const end of [socket, relaySocket]) end.on("error", () => end.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}${prefix}/`,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
