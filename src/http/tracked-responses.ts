import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { CurrentResponses } from './current-responses.js';

const CHANNEL = 'http.server.request.start';

interface RequestStart {
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** Tracks every request of every server, for versions of Node whose sockets cannot be read. */
export class TrackedResponses implements CurrentResponses {
  /** Unfinished responses by socket, oldest first. */
  readonly #unfinished = new WeakMap<Socket, ServerResponse[]>();

  constructor() {
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
    const { response, socket } = message as RequestStart;
    const unfinished = this.#unfinished.get(socket) ?? [];
    this.#unfinished.set(socket, unfinished);
    unfinished.push(response);
    response.once('close', () => unfinished.splice(unfinished.indexOf(response), 1));
  };
}
