import { Socket } from 'node:net';
import { activeHandles } from '../process/active-handles.js';
import type { IncomingMessage } from 'node:http';
import type { ProbeCheck } from '../util/probe.js';

type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/**
 * Whether the client of a request is this process itself: a page that is rendered on the server and asks the API, for
 * instance.
 *
 * The other end of the connection is then a socket of this process. Nothing has to be noted down for that before.
 */
export function isSelfCall({ socket }: IncomingMessage, probes: ProbeCheck): boolean {
  // Most clients are elsewhere, and need no search.
  return isOfThisHost(socket) && activeHandles(probes).some((handle) => isOtherEnd(handle, socket));
}

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
