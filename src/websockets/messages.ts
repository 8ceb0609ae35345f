/** Counts the messages in progress of one socket, or of all sockets that share a connection. */
export class SocketMessages {
  /** The name for the report: the path or namespace of the socket. */
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

  /** Call it once for each {@link begin}, when the answer has been sent. */
  end(): void {
    this.#inFlight -= 1;
    this.#all.inFlight -= 1;
    if (this.#inFlight === 0) this.#onIdle?.();
    if (this.#all.inFlight === 0) this.#all.onIdle();
  }

  /** Calls back once, as soon as no message is in progress; immediately, if none is. */
  whenIdle(callback: () => void): void {
    this.#onIdle = () => {
      this.#onIdle = undefined;
      callback();
    };
    if (this.#inFlight === 0) this.#onIdle();
  }
}

/** Counts the messages that gateways are handling. */
export class Messages {
  inFlight = 0;
  /** Called when the last message has been handled. */
  onIdle = (): void => {};
  readonly #bySocket = new WeakMap<object, SocketMessages>();

  /** Returns the name that a socket was first seen with, if it was seen. */
  nameOf(key: object): string | undefined {
    return this.#bySocket.get(key)?.name;
  }

  /** Returns the messages of the socket that `key` identifies. */
  of(key: object, name?: string): SocketMessages {
    const existing = this.#bySocket.get(key);
    if (existing) return existing;
    const messages = new SocketMessages(this, name);
    this.#bySocket.set(key, messages);
    return messages;
  }
}
