import { Server as NetServer } from 'node:net';
import { ShutdownError } from '../core/errors.js';
import { callSite } from '../util/call-site.js';
import { read } from '../util/foreign.js';
import { isHttpServer } from './any-http-server.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { HttpServers } from './http-servers.js';

/** What servers are handed over to. */
export type ServerKeeper = Pick<HttpServers, 'has' | 'nameFor' | 'add' | 'addListener'>;

/**
 * A server of `node:http`, `node:https`, `node:http2` or `node:net`, or an object with one as `server`, such as a Fastify
 * instance.
 */
export type Served = NetServer | { readonly server: NetServer };

/**
 * The servers that a shutdown drains. Inject it, or get it with `app.get(ServerRegistry)`.
 *
 * Servers that Nest, Fastify or a gateway opens are found without it, and so are servers of HTTP whose handler is the
 * instance of the HTTP adapter.
 */
export class ServerRegistry {
  readonly #servers: ServerKeeper;
  readonly #coordinator: Pick<PhasedCoordinator, 'terminatingReason'>;
  readonly #handedOverAt = new WeakMap<NetServer, string>();

  /** @internal */
  constructor(servers: ServerKeeper, coordinator: Pick<PhasedCoordinator, 'terminatingReason'>) {
    this.#servers = servers;
    this.#coordinator = coordinator;
  }

  /**
   * Has the shutdown drain a server, and close it in `release`. It may listen already, or later.
   *
   * Of a server of `node:net` it is the listener only: it is open to the end of the drain, so that the server may hand
   * connections over with `emit('connection')`. What its own connections carry is for a participant.
   *
   * A server that was found before keeps its name.
   *
   * @param name name in logs, metrics and the report. Default: `HTTP server` or `server`, with a number if that is taken
   * @returns the same server
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if it is not a server, or was handed over before;
   *   `SHUTDOWN_TERMINATING` once a shutdown has begun
   */
  serve<Server extends Served>(server: Server, name?: string): Server {
    this.add(server, name, callSite(this, 'serve'));
    return server;
  }

  /**
   * {@link serve} with an explicit source location.
   *
   * @internal
   */
  add(server: unknown, name: string | undefined, registeredAt: string): void {
    const served = serverOf(server);
    if (!served) {
      throw new ShutdownError(
        'SHUTDOWN_SETUP_INVALID',
        'serve() requires a server of node:http, node:https, node:http2 or node:net, or an object with one as server ' +
          `(called at ${registeredAt}): use what listen() returns`,
      );
    }
    const before = this.#handedOverAt.get(served);
    if (before !== undefined) {
      throw new ShutdownError(
        'SHUTDOWN_SETUP_INVALID',
        `serve() was called twice for the same server (at ${before} and at ${registeredAt}): call it once`,
      );
    }
    if (this.#coordinator.terminatingReason !== undefined) {
      throw new ShutdownError(
        'SHUTDOWN_TERMINATING',
        `serve() was called during the shutdown (at ${registeredAt}), which does not drain this server: ` +
          'hand it over before, or do not open it if isShuttingDown is true',
      );
    }
    this.#add(served, name, registeredAt);
    this.#handedOverAt.set(served, registeredAt);
  }

  #add(server: NetServer, name: string | undefined, registeredAt: string): void {
    // Found before: it stays, under its name.
    if (this.#servers.has(server)) return;
    if (isHttpServer(server)) {
      this.#servers.add(server, name ?? this.#servers.nameFor('HTTP server'), { registeredAt });
    } else {
      this.#servers.addListener(server, name ?? this.#servers.nameFor('server'), { registeredAt });
    }
  }
}

function serverOf(served: unknown): NetServer | undefined {
  if (served instanceof NetServer) return served;
  const inner = read(Object(served) as object, 'server');
  return inner instanceof NetServer ? inner : undefined;
}
