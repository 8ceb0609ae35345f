import { OpenEngineConnection, webSocketOf } from './engine-connection.js';
import { isWebSocket, nameOf, OpenWebSocket, webSocketOn } from './web-socket.js';
import { withoutTrailingSlash } from '../util/request-path.js';
import type { IncomingMessage } from 'node:http';
import type { EngineConnection } from './engine-connection.js';
import type { HeardSockets } from './heard-sockets.js';
import type { Messages } from './messages.js';
import type { OpenSocket, UpgradedConnection } from './open-socket.js';
import type { WebSocket } from './web-socket.js';

/** The properties of a `ws` server that are read. */
export interface WsServer {
  readonly clients: ReadonlySet<unknown>;
  readonly path?: string;
  readonly options?: { readonly path?: string | null; readonly noServer?: boolean };
  /** The HTTP server that it created or was given. */
  readonly _server?: unknown;
}

/** The properties of a socket.io server that are read. */
interface IoServer {
  readonly engine: { readonly clients: Readonly<Record<string, EngineConnection>> };
  readonly httpServer?: unknown;
  readonly opts?: { readonly addTrailingSlash?: boolean };
  /** https://socket.io/docs/v4/server-api/#serverpathvalue */
  path?(): unknown;
}

/** The servers of an application's gateways, with their clients. */
export class SocketServers {
  readonly #messages: Messages;
  readonly #heard: HeardSockets | undefined;
  readonly #wsServers = new Set<WsServer>();
  readonly #ioServers = new Set<IoServer>();

  constructor(messages: Messages, heard?: HeardSockets) {
    this.#messages = messages;
    this.#heard = heard;
  }

  /**
   * Adds what an adapter has created for a gateway: a server of `ws` or socket.io, or a namespace.
   *
   * @returns the underlying HTTP server, if the server exposes it
   */
  add(server: unknown): unknown {
    const io = ioServerOf(server);
    if (io) {
      this.#ioServers.add(io);
      return io.httpServer;
    }
    if (!isWsServer(server)) return undefined;
    this.#wsServers.add(server);
    return server._server;
  }

  /**
   * Returns the sockets of these servers, and every other WebSocket of `ws` on an upgraded connection.
   *
   * Omits the latter while a client of socket.io is probing a WebSocket, which would be among them.
   *
   * @param upgraded connections of the application's HTTP servers
   */
  open(upgraded: Iterable<UpgradedConnection>): OpenSocket[] {
    const below = new Map<WebSocket, UpgradedConnection>();
    for (const connection of upgraded) {
      const webSocket = webSocketOn(connection.socket);
      if (webSocket) below.set(webSocket, connection);
    }
    const found: OpenSocket[] = [];
    const known = new Set<WebSocket>();
    let areSomeTriedOut = false;
    for (const { engine } of this.#ioServers) {
      for (const connection of Object.values(engine.clients)) {
        areSomeTriedOut ||= connection.upgrading === true;
        const webSocket = webSocketOf(connection);
        if (webSocket) known.add(webSocket);
        const name = `socket.io ${this.#messages.of(connection).name ?? 'without a namespace'}`;
        found.push(new OpenEngineConnection(connection, name, webSocket && below.get(webSocket)));
      }
    }
    for (const { clients, path, options } of this.#wsServers) {
      const name = `WebSocket ${path ?? options?.path ?? '/'}`;
      for (const webSocket of clients) {
        if (!isWebSocket(webSocket)) continue;
        known.add(webSocket);
        found.push(new OpenWebSocket(webSocket, name, below.get(webSocket), true));
      }
    }
    if (areSomeTriedOut) return found;
    for (const [webSocket, connection] of below) {
      if (known.has(webSocket)) continue;
      const name = nameOf(webSocket, connection);
      found.push(new OpenWebSocket(webSocket, name, connection, false, this.#heard?.of(webSocket)));
    }
    return found;
  }

  /** The clients of socket.io that have entered a namespace, with any transport. */
  engineConnections(): EngineConnection[] {
    const all = [...this.#ioServers].flatMap(({ engine }) => Object.values(engine.clients));
    return all.filter((connection) => this.#messages.nameOf(connection) !== undefined);
  }

  /** Whether one of these servers has a client with a WebSocket of `ws`. */
  get haveWebSockets(): boolean {
    return [...this.#wsServers].some(({ clients }) => clients.size > 0);
  }

  /** Whether a request belongs to a connected client, at the path of its server: a poll, or the delivery of messages. */
  continues({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
    const session = /[?&]sid=([^&#]+)/.exec(url)?.[1];
    return (
      session !== undefined &&
      [...this.#ioServers].some(
        (server) => isServedBy(server, url) && Object.hasOwn(server.engine.clients, session),
      )
    );
  }
}

/** The engine takes the requests that begin with its path, as they were sent; all others belong to the application. */
function isServedBy(server: IoServer, url: string): boolean {
  const own = server.path?.();
  if (typeof own !== 'string') return false;
  const prefix = withoutTrailingSlash(own);
  return (
    url.startsWith(`${prefix}/`) || (server.opts?.addTrailingSlash === false && url.startsWith(`${prefix}?`))
  );
}

function ioServerOf(server: unknown): IoServer | undefined {
  const { server: ofNamespace } = Object(server) as { readonly server?: unknown };
  return [server, ofNamespace].find(isIoServer);
}

/** Whether a value has the shape of a socket.io server. */
export function isIoServer(server: unknown): server is IoServer {
  const { engine } = Object(server) as Partial<IoServer>;
  return typeof engine === 'object' && typeof engine.clients === 'object';
}

/** Whether a value has the shape of a `ws` server. */
export function isWsServer(server: unknown): server is WsServer {
  return (Object(server) as Partial<WsServer>).clients instanceof Set;
}
