import { REQUEST_OF_POLLING, WEB_SOCKET_OF_TRANSPORT, WEB_SOCKET_ON_SOCKET } from './web-socket-probes.js';
import type { ProbeCheck } from '../util/probe.js';
import type { UpgradedConnection } from './open-socket.js';
import type { SocketServers } from './socket-servers.js';

/** Checks the probes that need a connected client. Call it at the trigger. */
export function checkClients(
  probes: ProbeCheck,
  servers: SocketServers,
  upgraded: readonly UpgradedConnection[],
): void {
  if (servers.haveWebSockets && upgraded.length > 0) {
    probes.check(
      WEB_SOCKET_ON_SOCKET,
      upgraded.map(({ socket }) => socket),
    );
  }
  const transports = servers.engineConnections().map(({ transport }) => transport);
  const webSocket = transports.find(({ name }) => name === 'websocket');
  if (webSocket) probes.check(WEB_SOCKET_OF_TRANSPORT, webSocket);
  // A client enters a namespace by a message, so from then on the transport is complete.
  const polling = transports.find(({ name }) => name === 'polling');
  if (polling) probes.check(REQUEST_OF_POLLING, polling);
}
