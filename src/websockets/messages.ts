/** The messages of a socket, or of all sockets that share a connection, which are being handled. */
export class SocketMessages {
  /** For the report: what the socket is of. */
  readonly name: string | undefined;
  readonly #all: Messages;
  #inFlight = 0;
  #onIdle: (() => void) | undefined;

  constructor(all: Messages, name: string | undefined) {
    this.#all = all;
    this.name = name;
  }

  begin(): void {
    this.#inFlight += 1;
    this.#all.inFlight += 1;
  }

  /** To be called once for each {@link begin}, when the answer has been sent. */
  end(): void {
    this.#inFlight -= 1;
    this.#all.inFlight -= 1;
    if (this.#inFlight === 0) this.#onIdle?.();
    if (this.#all.inFlight === 0) this.#all.onIdle();
  }

  /** Calls back as soon as no message is being handled: at once, if none is; else once. */
  whenIdle(callback: () => void): void {
    this.#onIdle = () => {
      this.#onIdle = undefined;
      callback();
    };
    if (this.#inFlight === 0) this.#onIdle();
  }
}

/** The messages that gateways are handling. */
export class Messages {
  inFlight = 0;
  /** Called whenever there are none any more. */
  onIdle = (): void => {};
  readonly #bySocket = new WeakMap<object, SocketMessages>();

  /** The name that a socket was first seen with; nothing, if it was not. */
  nameOf(key: object): string | undefined {
    return this.#bySocket.get(key)?.name;
  }

  /** Those of a socket that is told apart by `key`. */
  of(key: object, name?: string): SocketMessages {
    const existing = this.#bySocket.get(key);
    if (existing) return existing;
    const messages = new SocketMessages(this, name);
    this.#bySocket.set(key, messages);
    return messages;
  }
}
