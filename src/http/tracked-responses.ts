import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { CurrentResponses } from './current-responses.js';

const CHANNEL = 'http.server.request.start';

interface RequestStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly server: Server;
}

/** Follows every request of a server, for a Node whose sockets cannot be read. */
export class TrackedResponses implements CurrentResponses {
  readonly #server: unknown;
  /** Unfinished responses by socket, oldest first. */
  readonly #unfinished = new WeakMap<Socket, ServerResponse[]>();

  constructor(server: object) {
    this.#server = server;
    subscribe(CHANNEL, this.#onStart);
  }

  of(socket: Socket): ServerResponse | undefined {
    return this.#unfinished.get(socket)?.[0];
  }

  latestRequest(socket: Socket): IncomingMessage | undefined {
    return this.#unfinished.get(socket)?.at(-1)?.req;
  }

  hasServed(socket: Socket): boolean {
    return this.#unfinished.has(socket);
  }

  dispose(): void {
    unsubscribe(CHANNEL, this.#onStart);
  }

  readonly #onStart = (message: unknown): void => {
    const { response, socket, server } = message as RequestStart;
    if (server !== this.#server) return;
    const unfinished = this.#unfinished.get(socket) ?? [];
    this.#unfinished.set(socket, unfinished);
    unfinished.push(response);
    response.once('close', () => unfinished.splice(unfinished.indexOf(response), 1));
  };
}
