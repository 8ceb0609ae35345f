import { webSocketOn } from '../websockets/web-socket.js';
import { requestPath } from './request-path.js';
import { bytesSentOn } from './socket-bytes.js';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpServerDependencies } from './http-server-options.js';

/** What a connection was asked to become: a tunnel to somewhere, or a connection of another protocol. */
export class Upgrade {
  /** As the client calls it: `websocket`; none for a tunnel that `CONNECT` has opened. */
  readonly protocol: string | undefined;

  readonly #request: Pick<IncomingMessage, 'method' | 'url'>;
  readonly #routePattern: HttpServerDependencies['routePattern'];
  readonly #socket: Socket;
  readonly #sentBefore: number;

  constructor(request: IncomingMessage, routePattern: HttpServerDependencies['routePattern']) {
    const { method, url, headers } = request;
    // The request itself would stay in memory as long as the connection does.
    this.#request = { method, url };
    this.#routePattern = routePattern;
    this.#socket = request.socket;
    this.#sentBefore = bytesSentOn(request.socket);
    this.protocol = method === 'CONNECT' ? undefined : /^[\w./-]{1,40}/.exec(headers.upgrade ?? '')?.[0];
  }

  /** Where it leads to: a host and its port, or the route's pattern, or else the path without what may be a secret. */
  get target(): string {
    const request = this.#request as IncomingMessage;
    if (request.method === 'CONNECT') return request.url ?? '';
    const path = requestPath(request);
    return this.#routePattern?.(request, path) ?? path;
  }

  /** Whether the client has been sent anything since: until then it may not have been upgraded. */
  get isAnswered(): boolean {
    return bytesSentOn(this.#socket) > this.#sentBefore;
  }

  /** For logs and the report. */
  get name(): string {
    if (this.#request.method === 'CONNECT') return `tunnel to ${this.target}`;
    if (webSocketOn(this.#socket)) return `WebSocket ${this.target}`;
    return `tunnel ${this.target}${this.protocol === undefined ? '' : ` (${this.protocol})`}`;
  }
}
