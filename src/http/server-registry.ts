import { Server as NetServer } from 'node:net';
import { ShutdownError } from '../core/errors.js';
import { callSite } from '../util/call-site.js';
import { read } from '../util/foreign.js';
import { isHttpServer } from './any-http-server.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { HttpServers } from './http-servers.js';

/** The part of {@link HttpServers} that the registry uses. */
export type ServerKeeper = Pick<HttpServers, 'has' | 'nameFor' | 'add' | 'addListener'>;

/**
 * A server of `node:http`, `node:https`, `node:http2` or `node:net`, or an object with such a server as `server`, such as a
 * Fastify instance.
 */
export type Served = NetServer | { readonly server: NetServer };

/**
 * Registers further servers to drain at a shutdown. Inject it, or get it with `app.get(ServerRegistry)`.
 *
 * It is not needed for servers that Nest, Fastify or a gateway opens, nor for HTTP servers whose handler is the instance of
 * the HTTP adapter: these are found by themselves.
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
   * Registers a server, which the shutdown drains, and closes in `release`. It may already listen, or listen later.
   *
   * For a server of `node:net`, only the listener is managed. It stays open until the end of the drain, so that the server
   * can hand connections over with `emit('connection')`. To finish what its own connections carry, register a participant.
   *
   * A server that was already found by itself keeps its name.
   *
   * @param name shown in logs, metrics and the report. Default: `HTTP server` or `server`, with a number if that is taken
   * @returns the same server
   * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if it is not a server, or `serve()` was called for it before;
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
        'serve() requires a server of node:http, node:https, node:http2 or node:net, or an object with such a server as ' +
          `server (called at ${registeredAt}): use the return value of listen()`,
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
          'call it earlier, or do not open the server if isShuttingDown is true',
      );
    }
    this.#add(served, name, registeredAt);
    this.#handedOverAt.set(served, registeredAt);
  }

  #add(server: NetServer, name: string | undefined, registeredAt: string): void {
    // Already found: it keeps its name.
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
