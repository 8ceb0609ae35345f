import { createServer, Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { activeHandles } from '../process/active-handles.js';
import { isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { ARGUMENTS_OF_CONNECT } from './http-probes.js';
import { argumentsOfConnect } from './samples.js';
import type { ProbeCheck } from '../util/probe.js';

/** What a socket is told to connect to. */
interface Target {
  readonly host?: string;
  readonly port?: number | string;
  /** Of a pipe. */
  readonly path?: string | null;
}

/**
 * Lets this process reach a server of its own whose port is closed already.
 *
 * Outside production the port is closed when the shutdown begins, so that the next program can listen there, and a worker
 * of a cluster leaves it to the others, which may be ending as well. Until something listens there in this process,
 * connections of this process to the port are led to another one, which hands them over.
 *
 * @returns a function that closes the door; connections that came through it stay
 */
export function openSideDoor(server: Server, port: number, probes: ProbeCheck): () => void {
  if (!probes.check(ARGUMENTS_OF_CONNECT, argumentsOfConnect)) return () => {};
  const door = createServer((socket) => server.emit('connection', socket));
  door.on('error', () => door.close());
  door.listen({ port: 0, host: '127.0.0.1', exclusive: true }).unref();
  const restore = overrideMethod(Socket.prototype, 'connect', (connect) => (...args) => {
    const led = portOf(door);
    if (led !== undefined && !isInUse(port, probes)) lead(args, port, led);
    return connect(...args);
  });
  return () => {
    restore();
    door.close();
  };
}

/** Changes the arguments of `connect()` in place: those of `net.connect()` come in a list that Node has marked. */
function lead(args: unknown[], from: number, to: number): void {
  const list = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const [target] = list;
  if (isObject(target) && isMeant(target, from)) list[0] = { ...target, host: '127.0.0.1', port: to };
}

function isMeant({ host = 'localhost', port, path }: Target, meant: number): boolean {
  return typeof path !== 'string' && Number(port) === meant && isOwnAddress(host);
}

function isOwnAddress(host: string): boolean {
  // The unspecified addresses: a connection to them goes to this host.
  if (['localhost', '0.0.0.0', '::'].includes(host)) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}

function isInUse(port: number, probes: ProbeCheck): boolean {
  return activeHandles(probes).some((handle) => handle instanceof Server && portOf(handle) === port);
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return isObject(address) ? address.port : undefined;
}
