import {
  CONTINUE_ON_RESPONSE,
  HANDLE_OF_SERVER,
  HANDLE_OF_SOCKET,
  HANDLE_OF_STREAM,
  LAST_ON_RESPONSE,
  PARENT_OF_TLS_SOCKET,
  PARSER_ON_SOCKET,
  SERVER_OF_SOCKET,
  SOCKET_OF_SESSION,
  SWEEP_OF_SERVER,
} from './http-probes.js';
import { sampleResponse, sampleServer, sampleSocketOfServer, sampleTlsSocket } from './samples.js';
import { Socket, type Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { ProbeCheck } from '../util/probe.js';
import type { Connection } from './connection.js';
import type { Session } from './session.js';

/** Checks the probes that samples of servers and responses can show. Call it at boot. */
export function checkNode(probes: ProbeCheck): void {
  probes.check(PARSER_ON_SOCKET, sampleSocketOfServer);
  probes.check(SERVER_OF_SOCKET, sampleSocketOfServer);
  const response = sampleResponse();
  probes.check(LAST_ON_RESPONSE, response);
  probes.check(CONTINUE_ON_RESPONSE, response);
  probes.check(SWEEP_OF_SERVER, sampleServer());
}

/** Checks the probes that need a server in use, one of its connections and one stream. Call it at the trigger. */
export function checkServerInUse(
  probes: ProbeCheck,
  server: Server,
  connections: Iterable<Connection>,
  sessions: Iterable<Session>,
): void {
  // A pipe has no backlog.
  const address = server.address();
  if (typeof address === 'object' && address !== null) probes.check(HANDLE_OF_SERVER, server);
  if (server instanceof TlsServer) probes.check(PARENT_OF_TLS_SOCKET, sampleTlsSocket);
  // A server accepts any stream as a connection, but only sockets have a handle.
  const sockets = Array.from(connections, ({ socket }) => socket);
  const socket = sockets.find((candidate) => candidate instanceof Socket && !candidate.destroyed);
  if (socket) probes.check(HANDLE_OF_SOCKET, socket);
  const response = [...sessions].flatMap(({ responses }) => [...responses])[0];
  if (response && 'stream' in response) probes.check(HANDLE_OF_STREAM, Object(response.stream) as object);
}

/** Describes what may be lost unnoticed on `server`; `undefined` if nothing. */
export function blindSpotOf(probes: ProbeCheck, server: Server): string | undefined {
  const upgrades = server.listenerCount('upgrade') + server.listenerCount('connect') > 0;
  return (upgrades ? probes.missing(PARSER_ON_SOCKET) : undefined) ?? probes.missing(SOCKET_OF_SESSION);
}
