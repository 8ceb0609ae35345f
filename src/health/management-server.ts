import { createServer, type Server } from 'node:http';
import { messageOf, ShutdownError } from '../core/errors.js';
import { endpoint, problem, send } from './endpoint.js';
import type { AddressInfo } from 'node:net';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Methods, RawHandler } from './endpoint.js';

/** Where it listens. */
export interface ManagementAddress {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
}

/** Where the options have it; `undefined` for no such port. */
export function managementAddress({
  management: { port, host },
}: Pick<ResolvedOptions, 'management'>): ManagementAddress | undefined {
  return port === false ? undefined : { port, host };
}

/**
 * A port of its own for probes, progress and drain: there until the process ends, with or without another server.
 *
 * It keeps no process alive.
 */
export class ManagementServer {
  readonly #address: ManagementAddress | undefined;
  readonly #routes = new Map<string, RawHandler>();
  #server: Server | undefined;

  /** @param address `undefined` for no such port */
  constructor(address: ManagementAddress | undefined) {
    this.#address = address;
  }

  /** Answers a path from now on. */
  add(path: string | false, methods: Methods | undefined): void {
    if (path !== false && methods) this.#routes.set(path, endpoint(methods));
  }

  /**
   * Begins to listen.
   *
   * @returns its URL, if there is such a port
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` when it cannot
   */
  async listen(): Promise<string | undefined> {
    if (!this.#address) return undefined;
    const { port, host } = this.#address;
    const server = createServer((request, response) => {
      const path = request.url?.split('?', 1)[0] ?? '';
      const route = this.#routes.get(path);
      if (route) return route(request, response);
      send(response, problem(404, 'Not Found', `there is ${[...this.#routes.keys()].join(', ')}`));
    });
    this.#server = server.unref();
    server.on('connection', (socket) => socket.unref());
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new ShutdownError(
            'SHUTDOWN_SETUP_INVALID',
            `the management port ${port} on ${host} cannot be opened: ${messageOf(error)}; ` +
              'set management.port to one that is free, or management.host to an address of this machine',
            { cause: error },
          ),
        ),
      );
      server.listen(port, host, resolve);
    });
    const { address, family, port: actual } = server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
  }

  /** Closes it, connections included. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
