import cluster from 'node:cluster';
import { setImmediate as immediate } from 'node:timers/promises';
import { overrideMethod } from '../util/override-method.js';
import type { Server } from 'node:net';

/** More than a kernel queues for one listener (net.core.somaxconn), unless it was told to. */
const LONGEST_QUEUE = 4096;

/** What Node keeps on a server; private, and the same on every version since 20. */
interface ListeningServer {
  readonly _handle?: { listen?(backlog: number): number } | null;
  readonly _connectionKey?: string;
}

/** The listening side of a server: closes it without resetting the connections that the kernel has queued for it. */
export class ListeningSocket {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Accepts what is queued, then closes. */
  async close(): Promise<void> {
    let accepted = 0;
    const count = (): void => void (accepted += 1);
    this.#server.on('connection', count);
    this.#holdBackNewConnections();
    await immediate();
    for (let before = -1; before !== accepted && accepted < LONGEST_QUEUE;) {
      before = accepted;
      // An iteration of the event loop in which nothing was accepted: the queue was empty a moment ago.
      await immediate();
    }
    this.#server.off('connection', count);
    this.closeNow();
  }

  /** Closes, whatever is queued. */
  closeNow(): void {
    const server = this.#server;
    if (!server.listening) return;
    // Node's own sweep would destroy responses that are not flushed and connections that have not sent their request.
    const restore = overrideMethod(server, 'closeIdleConnections', () => () => undefined);
    try {
      server.close();
    } finally {
      restore();
    }
  }

  /**
   * Makes the kernel leave new SYNs unanswered: their clients find nobody listening afterwards, which is safe to retry.
   * Only where this process alone bound the socket, for others it would starve.
   */
  #holdBackNewConnections(): void {
    const { _handle: handle, _connectionKey: key } = this.#server as ListeningServer;
    const isOwnTcpSocket = !cluster.isWorker && /^[46]:/.test(key ?? '');
    if (isOwnTcpSocket) handle?.listen?.(0);
  }
}
