import { webSocketOn } from '../websockets/web-socket.js';
import { requestPath } from './request-path.js';
import { bytesSentOn } from './socket-bytes.js';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpServerDependencies } from './http-server-options.js';

/** The upgrade that a client requested: to another protocol, or to a tunnel. */
export class Upgrade {
  /** The name that the client sent, such as `websocket`; `undefined` for `CONNECT`. */
  readonly protocol: string | undefined;

  readonly #request: Pick<IncomingMessage, 'method' | 'url'>;
  readonly #routePattern: HttpServerDependencies['routePattern'];
  readonly #socket: Socket;
  readonly #sentBefore: number;

  constructor(request: IncomingMessage, routePattern: HttpServerDependencies['routePattern']) {
    const { method, url, headers } = request;
    // The request itself would stay in memory as long as the connection.
    this.#request = { method, url };
    this.#routePattern = routePattern;
    this.#socket = request.socket;
    this.#sentBefore = bytesSentOn(request.socket);
    this.protocol = method === 'CONNECT' ? undefined : /^[\w./-]{1,40}/.exec(headers.upgrade ?? '')?.[0];
  }

  /** The target: host and port for `CONNECT`, otherwise the pattern of the route, or the path without query. */
  get target(): string {
    const request = this.#request as IncomingMessage;
    if (request.method === 'CONNECT') return request.url ?? '';
    const path = requestPath(request);
    return this.#routePattern?.(request, path) ?? path;
  }

  /** Whether anything has been sent to the client since the request; before that, it may not have been upgraded. */
  get isAnswered(): boolean {
    return bytesSentOn(this.#socket) > this.#sentBefore;
  }

  /** The name for logs and the report. */
  get name(): string {
    if (this.#request.method === 'CONNECT') return `tunnel to ${this.target}`;
    if (webSocketOn(this.#socket)) return `WebSocket ${this.target}`;
    return `tunnel ${this.target}${this.protocol === undefined ? '' : ` (${this.protocol})`}`;
  }
}
