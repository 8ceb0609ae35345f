import { createServer, type Server } from 'node:http';
import { messageOf, ShutdownError } from '../core/errors.js';
import { readPath } from '../util/request-path.js';
import { endpoint, problem, send } from './endpoint.js';
import type { AddressInfo } from 'node:net';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Methods, RawHandler } from './endpoint.js';

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
  #server: Server | undefined;

  /** @param address `undefined` to disable the port */
  constructor(address: ManagementAddress | undefined) {
    this.#address = address;
  }

  /** Adds a route; ignored if `path` is `false` or there are no methods. */
  add(path: string | false, methods: Methods | undefined): void {
    if (path !== false && methods) this.#routes.set(path, endpoint(methods));
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
      const route = this.#routes.get(readPath(request.url ?? ''));
      if (route) return route(request, response);
      send(response, problem(404, 'Not Found', `known paths: ${[...this.#routes.keys()].join(', ')}`));
    });
    this.#server = server.unref();
    server.on('connection', (socket) => socket.unref());
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

  /** Closes the server and its connections. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
