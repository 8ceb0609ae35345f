import {
  CONTINUE_ON_RESPONSE,
  HANDLE_OF_SERVER,
  HANDLE_OF_SOCKET,
  HANDLE_OF_STREAM,
  LAST_ON_RESPONSE,
  PARSER_ON_SOCKET,
  SOCKET_OF_SESSION,
  SWEEP_OF_SERVER,
} from './http-probes.js';
import { sampleResponse, sampleServer, sampleSocketOfServer } from './samples.js';
import { Socket, type Server } from 'node:net';
import type { ProbeCheck } from '../util/probe.js';
import type { Connection } from './connection.js';
import type { Session } from './session.js';

/** Looks at what Node keeps on servers and responses, as far as samples show it; to be called at boot. */
export function checkNode(probes: ProbeCheck): void {
  probes.check(PARSER_ON_SOCKET, sampleSocketOfServer);
  const response = sampleResponse();
  probes.check(LAST_ON_RESPONSE, response);
  probes.check(CONTINUE_ON_RESPONSE, response);
  probes.check(SWEEP_OF_SERVER, sampleServer());
}

/** Looks at what only a server in use has to show: itself, one connection, one stream; to be called at the trigger. */
export function checkServerInUse(
  probes: ProbeCheck,
  server: Server,
  connections: Iterable<Connection>,
  sessions: Iterable<Session>,
): void {
  // A pipe has no backlog to hold back.
  const address = server.address();
  if (typeof address === 'object' && address !== null) probes.check(HANDLE_OF_SERVER, server);
  // Servers take any stream for a connection, and only a socket has a handle.
  const sockets = Array.from(connections, ({ socket }) => socket);
  const socket = sockets.find((candidate) => candidate instanceof Socket && !candidate.destroyed);
  if (socket) probes.check(HANDLE_OF_SOCKET, socket);
  const response = [...sessions].flatMap(({ responses }) => [...responses])[0];
  if (response && 'stream' in response) probes.check(HANDLE_OF_STREAM, Object(response.stream) as object);
}

/** What could be lost unseen on `server`, in words. */
export function blindSpotOf(probes: ProbeCheck, server: Server): string | undefined {
  const upgrades = server.listenerCount('upgrade') + server.listenerCount('connect') > 0;
  return (upgrades ? probes.missing(PARSER_ON_SOCKET) : undefined) ?? probes.missing(SOCKET_OF_SESSION);
}
