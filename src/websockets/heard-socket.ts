import { isBegunPromise } from '../util/thenable.js';
import { HeardMessage } from './heard-message.js';
import { wrapMessageListeners, type CallListener } from './message-listeners.js';
import { nameOf } from './web-socket.js';
import type { Clock, Timer } from '../util/clock.js';
import type { UpgradedConnection } from './open-socket.js';
import type { WebSocket } from './web-socket.js';

/** How old, in milliseconds, a message may be that has no answer, and still be taken for one that is being handled. */
const ANSWER_BUDGET_MS = 5_000;

/** A message in work, for the report. */
export interface UnfinishedMessage {
  readonly name: string;
  readonly ageMs: number;
}

/** Where a socket tells whether it has messages in work. */
export interface HeardSocketObserver {
  readonly clock: Clock;
  onBusy(this: void, socket: HeardSocket): void;
  onSettled(this: void, socket: HeardSocket): void;
}

/**
 * A WebSocket that belongs to no gateway, and its messages, as far as they can be known from outside.
 *
 * A listener that returns a promise has handled its message when that settles. Of one that returns nothing it is known
 * only whether anything has been sent since: no answer to a client that had one every time before may be yet to come.
 */
export class HeardSocket {
  readonly #webSocket: WebSocket;
  readonly #connection: UpgradedConnection;
  readonly #observer: HeardSocketObserver;
  readonly #inWork = new Set<HeardMessage>();
  /** The last message of which nothing else is known, and what had been sent by then. */
  #last: HeardMessage | undefined;
  #sentAtLast = -1;
  #answersAll = true;
  /** The one of which an answer is waited for. */
  #suspect: HeardMessage | undefined;
  #onIdle: (() => void) | undefined;
  #timer: Timer | undefined;

  /** Hears no listener that is added from now on. */
  readonly leaveAlone: () => void;

  constructor(webSocket: WebSocket, connection: UpgradedConnection, observer: HeardSocketObserver) {
    this.#webSocket = webSocket;
    this.#connection = connection;
    this.#observer = observer;
    this.leaveAlone = wrapMessageListeners(webSocket, this.#call);
  }

  /** Messages that are being handled. */
  get inFlight(): number {
    return this.#working.length;
  }

  /** Messages that are being handled, and the one of which an answer is waited for. */
  unfinished(): UnfinishedMessage[] {
    const suspects = this.#suspect && this.#isUnanswered ? [this.#suspect] : [];
    return [...this.#working, ...suspects].map((message) => this.#describe(message));
  }

  /**
   * Calls back once, as soon as no message is being handled: at once, if none is.
   *
   * @param guesses whether an answer is waited for that may never come
   * @param callback gets the message whose answer has not come
   */
  whenIdle(guesses: boolean, callback: (givenUp: UnfinishedMessage | undefined) => void): void {
    const last = this.#isUnanswered ? this.#last : undefined;
    this.#suspect = guesses || last?.isGraphql ? last : undefined;
    this.#onIdle = () => {
      const suspect = this.#suspect === this.#last && !this.#hasSent ? this.#suspect : undefined;
      this.stop();
      callback(suspect && this.#describe(suspect));
    };
    if (this.#suspect) this.#watchFor(this.#suspect);
    this.#check();
  }

  /** Stops all callbacks. */
  stop(): void {
    this.#onIdle = undefined;
    this.#suspect = undefined;
    this.#timer?.cancel();
    Reflect.deleteProperty(this.#webSocket, 'send');
  }

  get #working(): HeardMessage[] {
    return [...this.#inWork].filter(({ isWork }) => isWork);
  }

  get #hasSent(): boolean {
    return this.#connection.socket.bytesWritten !== this.#sentAtLast;
  }

  /** Whether the last message may be in work without anybody knowing. */
  get #isUnanswered(): boolean {
    const last = this.#last;
    if (!last?.isWork || !this.#answersAll || this.#hasSent) return false;
    return last.isGraphql || this.#observer.clock.now() - last.heardAt < ANSWER_BUDGET_MS;
  }

  #describe(message: HeardMessage): UnfinishedMessage {
    const name = message.nameOn(nameOf(this.#webSocket, this.#connection));
    return { name, ageMs: this.#observer.clock.now() - message.heardAt };
  }

  readonly #call: CallListener = (listener, self, data, isBinary) => {
    const sentBefore = this.#connection.socket.bytesWritten;
    const result = listener.call(self, data, isBinary);
    if (isBegunPromise(result)) return this.#await(result, data);
    if (this.#connection.socket.bytesWritten === sentBefore) this.#remember(data, sentBefore);
    else this.#last = undefined;
    return result;
  };

  /** Returns a promise that stands for `result`: a rejection reaches the caller of the listener and nothing else. */
  #await(result: PromiseLike<unknown>, data: unknown): Promise<unknown> {
    const { clock, onBusy, onSettled } = this.#observer;
    const message = new HeardMessage(data, this.#webSocket.protocol, clock.now());
    this.#inWork.add(message);
    if (this.#inWork.size === 1) onBusy(this);
    return Promise.resolve(result).finally(() => {
      this.#inWork.delete(message);
      if (this.#inWork.size === 0) onSettled(this);
      this.#check();
    });
  }

  #remember(data: unknown, sent: number): void {
    if (this.#last && this.#sentAtLast === sent) this.#answersAll = false;
    this.#last = new HeardMessage(data, this.#webSocket.protocol, this.#observer.clock.now());
    this.#sentAtLast = sent;
  }

  /** Whatever is sent next is taken for the answer. */
  #watchFor({ heardAt, isGraphql }: HeardMessage): void {
    const check = (): void => this.#check();
    const send = Reflect.get(this.#webSocket, 'send') as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]): unknown => {
      this.#last = undefined;
      setImmediate(check);
      return Reflect.apply(send, this.#webSocket, args);
    };
    Object.defineProperty(this.#webSocket, 'send', { value, configurable: true, writable: true });
    const { clock } = this.#observer;
    if (!isGraphql) this.#timer = clock.setTimer(check, heardAt + ANSWER_BUDGET_MS - clock.now());
  }

  #check(): void {
    if (!this.#onIdle || this.#working.length > 0 || (this.#suspect && this.#isUnanswered)) return;
    this.#onIdle();
  }
}
