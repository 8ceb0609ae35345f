import { Socket } from 'node:net';
import { activeHandles } from '../process/active-handles.js';
import { isOfThisOrChild } from '../process/child-connections.js';
import type { IncomingMessage } from 'node:http';
import type { ProbeCheck } from '../util/probe.js';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Recognises requests that the application sends to itself: a page that is rendered on the server calls the API, or a
 * browser that the application has started prints one of its pages.
 *
 * The other end of the connection is a socket of this process, or of a process that it has started. This is looked up
 * when a request is late, so nothing is recorded before. Node lists only the sockets of the main thread; those of worker threads
 * are found like those of other processes.
 */
export class SelfCalls {
  readonly #probes: ProbeCheck;
  /** Cached, because each lookup searches `/proc`. */
  readonly #lookedUp = new WeakMap<object, boolean>();

  constructor(probes: ProbeCheck) {
    this.#probes = probes;
  }

  includes({ socket, headers }: IncomingMessage): boolean {
    // Most clients are on other hosts and need no lookup.
    if (!isOfThisHost(socket)) return false;
    if (activeHandles(this.#probes).some((handle) => isOtherEnd(handle, socket))) return true;
    // The application may have started a proxy, which forwards requests of other clients.
    return !FORWARDING.some((name) => name in headers) && this.#isOfThreadOrChild(socket);
  }

  #isOfThreadOrChild(socket: Socket): boolean {
    const { localPort: remotePort, remotePort: localPort } = socket;
    const known = this.#lookedUp.get(socket);
    if (known !== undefined || localPort === undefined || remotePort === undefined) return known ?? false;
    const found = isOfThisOrChild({ localPort, remotePort });
    this.#lookedUp.set(socket, found);
    return found;
  }
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
