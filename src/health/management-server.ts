import { createServer, type Server } from 'node:http';
import { messageOf, ShutdownError } from '../core/errors.js';
import { ListeningSocket } from '../http/listening-socket.js';
import { systemClock } from '../util/clock.js';
import { readPath } from '../util/request-path.js';
import { endpoint, problem, send } from './endpoint.js';
import type { AddressInfo, Socket } from 'node:net';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Methods, RawHandler } from './endpoint.js';

/** How long a worker that leaves a shared port waits for the requests of connections without any, in milliseconds. */
const LEAVE_BUDGET_MS = 250;

/** The address of the management port. */
export interface ManagementAddress {
  /** 0 for any free port. */
  readonly port: number;
  readonly host: string;
}

/** Returns the configured address, `undefined` if the management port is disabled. */
export function managementAddress({
  management: { port, host },
}: Pick<ResolvedOptions, 'management'>): ManagementAddress | undefined {
  return port === false ? undefined : { port, host };
}

/**
 * HTTP server of the management port for probes, progress, metrics and drain. It listens until the process ends,
 * independently of any other server, and does not keep the process alive.
 */
export class ManagementServer {
  readonly #address: ManagementAddress | undefined;
  readonly #routes = new Map<string, RawHandler>();
  /** Connections that wait for an answer, or have sent no request yet. */
  readonly #unanswered = new Set<Socket>();
  #server: Server | undefined;
  #onAnswered = (): void => {};

  /** @param address `undefined` to disable the port */
  constructor(address: ManagementAddress | undefined) {
    this.#address = address;
  }

  /** Adds a route; ignored if `path` is `false` or there are no methods. */
  add(path: string | false, methods: Methods | RawHandler | undefined): void {
    if (path === false || !methods) return;
    this.#routes.set(path, typeof methods === 'function' ? methods : endpoint(methods));
  }

  /**
   * Starts listening.
   *
   * @returns the URL, `undefined` if the port is disabled
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if it cannot listen
   */
  async listen(): Promise<string | undefined> {
    if (!this.#address) return undefined;
    const { port, host } = this.#address;
    const server = createServer((request, response) => {
      this.#unanswered.add(request.socket);
      response.once('close', () => this.#settle(request.socket));
      const route = this.#routes.get(readPath(request.url ?? ''));
      if (route) return route(request, response);
      send(response, problem(404, 'Not Found', `known paths: ${[...this.#routes.keys()].join(', ')}`));
    });
    this.#server = server.unref();
    server.on('connection', (socket) => {
      socket.unref();
      this.#unanswered.add(socket);
      socket.once('close', () => this.#settle(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new ShutdownError(
            'SHUTDOWN_SETUP_INVALID',
            `cannot open the management port ${port} on ${host}: ${messageOf(error)}; ` +
              'set management.port to a free port, or management.host to an address of this machine',
            { cause: error },
          ),
        ),
      );
      server.listen(port, host, resolve);
    });
    const { address, family, port: actual } = server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
  }

  /**
   * Leaves a port that a worker of a cluster shares with others: connections in transit are handed back, and requests on
   * accepted connections are answered, if they arrive within {@link LEAVE_BUDGET_MS}.
   */
  async leave(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const socket = new ListeningSocket(server);
    socket.preventSweep();
    await socket.close();
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimer(resolve, LEAVE_BUDGET_MS);
      this.#onAnswered = () => {
        if (this.#unanswered.size > 0) return;
        timer.cancel();
        resolve();
      };
      this.#onAnswered();
    });
    server.closeAllConnections();
    socket.dispose();
  }

  #settle(socket: Socket): void {
    this.#unanswered.delete(socket);
    this.#onAnswered();
  }

  /** Closes the server and its connections. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
