import { Socket } from 'node:net';
import { activeHandles } from '../process/active-handles.js';
import { isOfThisOrChild } from '../process/child-connections.js';
import { processorTimeMs } from '../process/processor-time.js';
import { BlockingTime } from '../util/blocking-time.js';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Recognises requests that the application sends to itself: a page that is rendered on the server calls the API, or a
 * browser that the application has started prints one of its pages.
 *
 * The other end of the connection is a socket of this process, or of a process that it has started. This is looked up
 * when a request is late, so nothing is recorded before. Node lists only the sockets of the main thread; those of worker threads
 * are found like those of other processes.
 *
 * A lookup takes some 3 µs for each connection of the host. So the time for lookups is bounded, and a client that is not looked up
 * is late: a proxy on the same host could otherwise block the event loop with new connections. The lookup in this thread is fast,
 * and has its own time, which other processes cannot use up.
 */
export class SelfCalls {
  readonly #isOfThread: (socket: Socket) => boolean;
  readonly #isOfThreadOrChild: (socket: Socket) => boolean;

  constructor(probes: ProbeCheck, clock: Clock, timeMs = processorTimeMs) {
    const limited = (lookUp: LookUp): LookUp => remembered(new BlockingTime(clock, timeMs), lookUp);
    this.#isOfThread = limited((socket) =>
      activeHandles(probes).some((handle) => isOtherEnd(handle, socket)),
    );
    this.#isOfThreadOrChild = limited(({ localPort: remotePort, remotePort: localPort }) =>
      localPort === undefined || remotePort === undefined
        ? false
        : isOfThisOrChild({ localPort, remotePort }),
    );
  }

  includes({ socket, headers }: IncomingMessage): boolean {
    // Most clients are on other hosts and need no lookup.
    if (!isOfThisHost(socket)) return false;
    if (this.#isOfThread(socket)) return true;
    // The application may have started a proxy, which forwards requests of other clients.
    return !FORWARDING.some((name) => name in headers) && this.#isOfThreadOrChild(socket);
  }
}

type LookUp = (socket: Socket) => boolean;

/** Looks up a socket once, and not at all when no time is left. */
function remembered(time: BlockingTime, lookUp: LookUp): LookUp {
  const known = new WeakMap<Socket, boolean>();
  return (socket) => {
    const found = known.get(socket) ?? time.spend(() => lookUp(socket));
    if (found !== undefined) known.set(socket, found);
    return found ?? false;
  };
}

const FORWARDING = ['forwarded', 'via', 'x-forwarded-for'] as const;

function isOtherEnd(handle: object, socket: Ends): boolean {
  return (
    handle instanceof Socket &&
    handle.localPort === socket.remotePort &&
    handle.remotePort === socket.localPort &&
    plain(handle.localAddress) === plain(socket.remoteAddress)
  );
}

function isOfThisHost({ localAddress, remoteAddress }: Ends): boolean {
  const [local, remote] = [plain(localAddress), plain(remoteAddress)];
  return remote !== undefined && (remote === local || (isLoopback(remote) && isLoopback(local)));
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || address?.startsWith('127.') === true;
}

/** Removes the prefix that IPv6 sockets put before IPv4 addresses. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '');
}
