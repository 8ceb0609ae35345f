import { createServer, Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { activeHandles } from '../process/active-handles.js';
import { isObject } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import { ARGUMENTS_OF_CONNECT } from './http-probes.js';
import { argumentsOfConnect } from './samples.js';
import type { ProbeCheck } from '../util/probe.js';

/** The target of `Socket.connect()`. */
interface Target {
  readonly host?: string;
  readonly port?: number | string;
  /** The path of a pipe. */
  readonly path?: string | null;
}

/**
 * Makes one of this process's own servers reachable for the process after its port has closed.
 *
 * Outside production, the port closes when the shutdown begins, so that the next program can listen on it; a worker of a
 * cluster leaves it to the other workers, which may be ending as well. Until a server in this process listens on it,
 * connections of this process to the port are redirected to another port, which hands them over.
 *
 * @returns a function that ends the redirection; connections that were handed over stay open
 */
export function openSideDoor(server: Server, port: number, probes: ProbeCheck): () => void {
  if (!probes.check(ARGUMENTS_OF_CONNECT, argumentsOfConnect)) return () => {};
  const door = createServer((socket) => server.emit('connection', socket));
  door.on('error', () => door.close());
  door.listen({ port: 0, host: '127.0.0.1', exclusive: true }).unref();
  const restore = overrideMethod(Socket.prototype, 'connect', (connect) => (...args) => {
    const doorPort = portOf(door);
    if (doorPort !== undefined && !isInUse(port, probes)) redirect(args, port, doorPort);
    return connect(...args);
  });
  return () => {
    restore();
    door.close();
  };
}

/** Changes the arguments of `connect()` in place: `net.connect()` passes them as a list that Node has marked. */
function redirect(args: unknown[], from: number, to: number): void {
  const list = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const [target] = list;
  if (isObject(target) && isForPort(target, from)) list[0] = { ...target, host: '127.0.0.1', port: to };
}

function isForPort({ host = 'localhost', port, path }: Target, expected: number): boolean {
  return typeof path !== 'string' && Number(port) === expected && isOwnAddress(host);
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
