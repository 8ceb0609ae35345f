import { isIoServer, isWsServer } from './socket-servers.js';
import { isWebSocket, webSocketOn } from './web-socket.js';
import type { Duplex } from 'node:stream';
import type { Probe } from '../util/probe.js';

export const SERVER_OF_GATEWAY: Probe<unknown> = {
  name: 'a server of ws or socket.io below a gateway',
  package: '@nestjs/websockets',
  ifMissing: 'the clients of that gateway get no close frame, and their last messages may be lost',
  advice: 'Close them in a participant of your own: ShutdownCoordinator.register()',
  isPresent: (server) =>
    isWsServer(server) || [server, (Object(server) as { server?: unknown }).server].some(isIoServer),
};

export const HTTP_SERVER_OF_WS: Probe<object> = {
  name: 'WebSocketServer._server',
  package: 'ws',
  ifMissing: 'the HTTP server of a gateway with its own port accepts new clients until Nest closes it',
  isPresent: (server) => isObject(Reflect.get(server, '_server')),
};

export const WEB_SOCKET_ON_SOCKET: Probe<Iterable<Duplex>> = {
  name: 'Socket[websocket]',
  package: 'ws',
  ifMissing:
    'the report has neither age nor sent bytes of a WebSocket that was cut, and WebSockets without a gateway are treated as tunnels',
  isPresent: (sockets) => [...sockets].some((socket) => webSocketOn(socket) !== undefined),
};

export const WEB_SOCKET_OF_TRANSPORT: Probe<object> = {
  name: 'Transport.socket of a WebSocket',
  package: 'engine.io',
  ifMissing: 'connections of socket.io are closed without a close code',
  isPresent: (transport) => isWebSocket(Reflect.get(transport, 'socket')),
};

export const REQUEST_OF_POLLING: Probe<object> = {
  name: 'Transport.dataReq and writable of long polling',
  package: 'engine.io',
  ifMissing: 'a message that a polling client is sending may be lost when its connection is closed',
  isPresent: (transport) => 'dataReq' in transport && typeof Reflect.get(transport, 'writable') === 'boolean',
};

/** All probes of WebSocket libraries. */
export const WEB_SOCKET_PROBES: readonly Probe[] = [
  SERVER_OF_GATEWAY,
  HTTP_SERVER_OF_WS,
  WEB_SOCKET_ON_SOCKET,
  WEB_SOCKET_OF_TRANSPORT,
  REQUEST_OF_POLLING,
];

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
