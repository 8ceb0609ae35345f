import { setImmediate as immediate } from 'node:timers/promises';
import { clusterWorker } from '../config/cluster-worker.js';
import { systemClock } from '../util/clock.js';
import { overrideMethod } from '../util/override-method.js';
import { closeAgain } from './close-again.js';
import { primaryAnswered } from './primary-answered.js';
import type { Server } from 'node:net';

/** More than a kernel queues for one listener (net.core.somaxconn), unless configured otherwise. */
const LONGEST_QUEUE = 4096;

/**
 * How long a worker of a cluster accepts from a shared socket before it closes, in milliseconds. It cannot hold back new
 * connections there: with a steady load some are always queued. The other workers accept what is left.
 */
const SHARED_QUEUE_BUDGET_MS = 500;

/** Private properties of a server; the same in every version of Node since 20. */
interface ListeningServer {
  readonly _handle?: { listen?(backlog: number): number; readonly fd?: number } | null;
  readonly _connectionKey?: string;
}

/** Closes the listening socket of a server without resetting the connections that the kernel has queued for it. */
export class ListeningSocket {
  readonly #server: Server;
  #restoreSweep = (): void => {};
  #noneInTransit: Promise<void> = Promise.resolve();
  #restoreClose = (): void => {};

  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Keeps any call of `close()` from ending idle connections: Node's sweep would destroy responses that are not flushed,
   * and connections that have not sent their request.
   */
  preventSweep(): void {
    this.#restoreSweep();
    this.#restoreSweep = overrideMethod(this.#server, 'closeIdleConnections', () => () => undefined);
  }

  restoreSweep(): void {
    this.#restoreSweep();
    this.#restoreSweep = () => {};
  }

  /** Accepts the queued connections, then closes; resolves when no connection can be on its way to this process. */
  async close(): Promise<void> {
    if (this.#isDealtOut) this.closeNow();
    if (this.#server.listening) await this.#acceptQueued();
    this.closeNow();
    await this.#noneInTransit;
  }

  /** Closes without waiting for queued connections. */
  closeNow(): void {
    if (!this.#server.listening) return;
    const worker = this.#isDealtOut ? clusterWorker() : undefined;
    this.#server.close();
    this.#restoreClose = closeAgain(this.#server);
    if (worker) this.#noneInTransit = primaryAnswered(worker);
  }

  /**
   * Whether the primary of a cluster accepts the connections and distributes them (round robin). The primary then owns the
   * socket, so closing only sends it a message, and it takes back connections that this worker no longer accepts.
   */
  get #isDealtOut(): boolean {
    const { _handle: handle } = this.#server as ListeningServer;
    return clusterWorker() !== undefined && Boolean(handle) && !('fd' in Object(handle));
  }

  async #acceptQueued(): Promise<void> {
    let accepted = 0;
    const count = (): void => void (accepted += 1);
    this.#server.on('connection', count);
    this.#holdBackNewConnections();
    const until = clusterWorker() ? systemClock.now() + SHARED_QUEUE_BUDGET_MS : Infinity;
    const isOver = (): boolean => accepted >= LONGEST_QUEUE || systemClock.now() >= until;
    await immediate();
    for (let before = -1; before !== accepted && !isOver();) {
      before = accepted;
      // An iteration of the event loop that accepts nothing means that the queue was empty.
      await immediate();
    }
    this.#server.off('connection', count);
  }

  /** Restores the methods of the server. */
  dispose(): void {
    this.restoreSweep();
    this.#restoreClose();
  }

  /**
   * Makes the kernel leave new SYNs unanswered. Once the socket is closed, their clients are refused, and can safely retry.
   * Does this only if no other process uses the socket, because that one would get no connections either.
   */
  #holdBackNewConnections(): void {
    const { _handle: handle, _connectionKey: key } = this.#server as ListeningServer;
    const isOwnTcpSocket = clusterWorker() === undefined && /^[46]:/.test(key ?? '');
    if (isOwnTcpSocket) handle?.listen?.(0);
  }
}
