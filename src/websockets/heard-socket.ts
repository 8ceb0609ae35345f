import { isBegunPromise } from '../util/thenable.js';
import { HeardMessage } from './heard-message.js';
import { wrapMessageListeners, type CallListener } from './message-listeners.js';
import { nameOf } from './web-socket.js';
import type { Clock, Timer } from '../util/clock.js';
import type { UpgradedConnection } from './open-socket.js';
import type { WebSocket } from './web-socket.js';

/** The age, in milliseconds, up to which an unanswered message is assumed to be in progress. */
const ANSWER_BUDGET_MS = 5_000;

/** A message in progress, for the report. */
export interface UnfinishedMessage {
  readonly name: string;
  readonly ageMs: number;
}

/** Receives the state of a socket: with or without messages in progress. */
export interface HeardSocketObserver {
  readonly clock: Clock;
  onBusy(this: void, socket: HeardSocket): void;
  onSettled(this: void, socket: HeardSocket): void;
}

/**
 * A WebSocket that belongs to no gateway, with its messages as far as they can be observed from outside.
 *
 * A listener that returns a promise has handled its message when the promise settles. If it returns nothing, the only
 * evidence is what is sent afterwards: an answer is still expected if every earlier message was answered.
 */
export class HeardSocket {
  readonly #webSocket: WebSocket;
  readonly #connection: UpgradedConnection;
  readonly #observer: HeardSocketObserver;
  readonly #inWork = new Set<HeardMessage>();
  /** The last message whose listener returned nothing, and the bytes that had been sent by then. */
  #last: HeardMessage | undefined;
  #sentAtLast = -1;
  #answersAll = true;
  /** The message whose answer is awaited. */
  #suspect: HeardMessage | undefined;
  #onIdle: (() => void) | undefined;
  #timer: Timer | undefined;

  /** Stops observing listeners that are added from now on. */
  readonly leaveAlone: () => void;

  constructor(webSocket: WebSocket, connection: UpgradedConnection, observer: HeardSocketObserver) {
    this.#webSocket = webSocket;
    this.#connection = connection;
    this.#observer = observer;
    this.leaveAlone = wrapMessageListeners(webSocket, this.#call);
  }

  /** Number of messages in progress. */
  get inFlight(): number {
    return this.#working.length;
  }

  /** The messages in progress, and the one whose answer is awaited. */
  unfinished(): UnfinishedMessage[] {
    const suspects = this.#suspect && this.#isUnanswered ? [this.#suspect] : [];
    return [...this.#working, ...suspects].map((message) => this.#describe(message));
  }

  /**
   * Calls back once, as soon as no message is in progress; immediately, if none is.
   *
   * @param guesses whether to await an answer that may never come
   * @param callback receives the message that was not answered in time
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

  /** Cancels the callback. */
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

  /** Whether the last message may be in progress, for want of an answer. */
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

  /** Returns a promise to be used in place of `result`, so that only the caller of the listener sees a rejection. */
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

  /** Takes the next data that is sent for the answer. */
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
