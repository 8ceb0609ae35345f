import { overrideMethod } from '../util/override-method.js';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Decides what becomes of what a server receives; `proceed` gives it to the server's own listeners. */
export interface Interceptor {
  onRequest(this: void, request: IncomingMessage, response: ServerResponse, proceed: () => void): void;
  /** `CONNECT` is one, too. */
  onUpgrade(this: void, request: IncomingMessage, socket: Duplex, proceed: () => void): void;
}

/**
 * Stands between Node and a server's listeners while a shutdown is under way.
 *
 * A listener of one's own cannot do that, however early it comes: the others get the request all the same. So it is
 * the emission that is caught, and the listeners stay where they are, for others to add and remove meanwhile.
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
    // Without a listener, Node asks the client for the body before anyone can object.
    const answersExpectation = server.listenerCount('checkContinue') === 0;
    if (answersExpectation) server.on('checkContinue', this.#continue);
    this.#stop = () => {
      server.off('checkContinue', this.#continue);
      restore();
    };
  }

  /** Leaves the server as it was. */
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
        // In HTTP/2 a tunnel is a stream among others, and comes with a response in place of a socket.
        if ((args[0] as IncomingMessage).httpVersionMajor > 1) return false;
        this.#interceptor.onUpgrade(args[0] as IncomingMessage, args[1] as Duplex, proceed);
        return true;
      default:
        return false;
    }
  }

  /** What Node does without a listener. */
  readonly #continue = (request: IncomingMessage, response: ServerResponse): void => {
    response.writeContinue();
    this.#server.emit('request', request, response);
  };
}
