import { overrideMethod } from '../util/override-method.js';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Handles what a server receives; `proceed` calls the server's own listeners. */
export interface Interceptor {
  onRequest(this: void, request: IncomingMessage, response: ServerResponse, proceed: () => void): void;
  /** Called when the server cannot read what a client sends, before it answers that. */
  onClientError(this: void, socket: Socket): void;
  /** Also called for `CONNECT`. */
  onUpgrade(this: void, request: IncomingMessage, socket: Duplex, proceed: () => void): void;
}

/**
 * Intercepts requests between Node and the listeners of a server during a shutdown.
 *
 * Another listener could not keep a request from the others, however early it is called, so `emit()` is overridden. The
 * listeners stay in place, and other code can still add and remove them.
 */
export class Interception {
  readonly #server: EventEmitter;
  readonly #interceptor: Interceptor;
  #stop: (() => void) | undefined;

  constructor(server: EventEmitter, interceptor: Interceptor) {
    this.#server = server;
    this.#interceptor = interceptor;
  }

  get isActive(): boolean {
    return this.#stop !== undefined;
  }

  start(): void {
    if (this.#stop) return;
    const server = this.#server;
    const restore = overrideMethod(server, 'emit', (emit) => (event, ...args) => {
      const proceed = (): unknown => emit(event, ...args);
      return this.#intercept(event as string | symbol, args, proceed) ? true : proceed();
    });
    // Without a listener, Node asks the client for the body before the request can be refused.
    const answersExpectation = server.listenerCount('checkContinue') === 0;
    if (answersExpectation) server.on('checkContinue', this.#continue);
    this.#stop = () => {
      server.off('checkContinue', this.#continue);
      restore();
    };
  }

  /** Restores the server. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #intercept(event: string | symbol, args: unknown[], proceed: () => void): boolean {
    switch (event) {
      case 'request':
      case 'checkContinue':
      case 'checkExpectation':
        this.#interceptor.onRequest(args[0] as IncomingMessage, args[1] as ServerResponse, proceed);
        return true;
      case 'connect':
      case 'upgrade':
        // In HTTP/2 a tunnel is an ordinary stream, with a response instead of a socket.
        if ((args[0] as IncomingMessage).httpVersionMajor > 1) return false;
        this.#interceptor.onUpgrade(args[0] as IncomingMessage, args[1] as Duplex, proceed);
        return true;
      case 'clientError':
        this.#interceptor.onClientError(args[1] as Socket);
        return false;
      default:
        return false;
    }
  }

  /** Does what Node does without a listener. */
  readonly #continue = (request: IncomingMessage, response: ServerResponse): void => {
    response.writeContinue();
    this.#server.emit('request', request, response);
  };
}
