import cluster from 'node:cluster';
import { setImmediate as immediate } from 'node:timers/promises';
import { overrideMethod } from '../util/override-method.js';
import { closeAgain } from './close-again.js';
import type { Server } from 'node:net';

/** More than a kernel queues for one listener (net.core.somaxconn), unless configured otherwise. */
const LONGEST_QUEUE = 4096;

/** Private properties of a server; the same in every version of Node since 20. */
interface ListeningServer {
  readonly _handle?: { listen?(backlog: number): number } | null;
  readonly _connectionKey?: string;
}

/** Closes the listening socket of a server without resetting the connections that the kernel has queued for it. */
export class ListeningSocket {
  readonly #server: Server;
  #restore = (): void => {};

  constructor(server: Server) {
    this.#server = server;
  }

  /** Accepts the queued connections, then closes. */
  async close(): Promise<void> {
    let accepted = 0;
    const count = (): void => void (accepted += 1);
    this.#server.on('connection', count);
    this.#holdBackNewConnections();
    await immediate();
    for (let before = -1; before !== accepted && accepted < LONGEST_QUEUE;) {
      before = accepted;
      // An iteration of the event loop that accepts nothing means that the queue was empty.
      await immediate();
    }
    this.#server.off('connection', count);
    this.closeNow();
  }

  /** Closes without waiting for queued connections. */
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
    this.#restore = closeAgain(server);
  }

  /** Leaves the methods of the server as they were before. */
  dispose(): void {
    this.#restore();
  }

  /**
   * Makes the kernel leave new SYNs unanswered: once the socket is closed, their clients are refused, which is safe to
   * retry. Only if this process alone has bound the socket, since it would starve other processes.
   */
  #holdBackNewConnections(): void {
    const { _handle: handle, _connectionKey: key } = this.#server as ListeningServer;
    const isOwnTcpSocket = !cluster.isWorker && /^[46]:/.test(key ?? '');
    if (isOwnTcpSocket) handle?.listen?.(0);
  }
}
