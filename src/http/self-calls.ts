import { Socket } from 'node:net';
import { activeHandles } from '../process/active-handles.js';
import { isOfChild } from '../process/child-connections.js';
import type { IncomingMessage } from 'node:http';
import type { ProbeCheck } from '../util/probe.js';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Requests that the application sends to itself: a page rendered on the server asks the API, or a browser that the
 * application has started prints one of its pages.
 *
 * They are recognised by their connection, whose other end is a socket of this process, or of a process that it has
 * started. Nothing has to be noted down for that before.
 */
export class SelfCalls {
  readonly #probes: ProbeCheck;
  /** Finding out takes a search through the file system. */
  readonly #ofChildren = new WeakMap<object, boolean>();

  constructor(probes: ProbeCheck) {
    this.#probes = probes;
  }

  includes({ socket, headers }: IncomingMessage): boolean {
    // Most clients are elsewhere, and need no search.
    if (!isOfThisHost(socket)) return false;
    if (activeHandles(this.#probes).some((handle) => isOtherEnd(handle, socket))) return true;
    // A proxy that the application has started passes on what others ask.
    return !FORWARDING.some((name) => name in headers) && this.#isOfChild(socket);
  }

  #isOfChild(socket: Socket): boolean {
    const { localPort: remotePort, remotePort: localPort } = socket;
    const known = this.#ofChildren.get(socket);
    if (known !== undefined || localPort === undefined || remotePort === undefined) return known ?? false;
    const found = isOfChild({ localPort, remotePort });
    this.#ofChildren.set(socket, found);
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

/** A socket of IPv6 shows the addresses of IPv4 in its own notation. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '');
}
