import { isPromise } from 'node:util/types';
import { isObservable, Observable, throwError } from 'rxjs';
import { Condition } from '../util/condition.js';
import type { Subscriber } from 'rxjs';
import type { MessageHandler } from './message-server.js';

/** Calls kept for reuse; a peak of messages does not hold its memory for ever. */
const MAX_SPARE = 1_024;

/** What all calls of one handler have in common. */
export interface HandlerTraits {
  readonly name: string;
  /** Whether nobody waits for a reply. */
  readonly isEvent: boolean;
}

/** One call of a handler, or one stream that it returned. Its objects are reused: this happens for each message. */
export class Message {
  traits!: HandlerTraits;
  /** The last argument of the handler, which belongs to this message alone. */
  context: unknown;
  index = 0;
  startedAt: number | undefined;
  isCut = false;
  resolve: ((result: unknown) => void) | undefined;
  reject: ((error: unknown) => void) | undefined;
  /** Where the values of a stream go. */
  subscriber: Subscriber<unknown> | undefined;
  readonly onFulfilled: (result: unknown) => void;
  readonly onRejected: (error: unknown) => void;

  constructor(
    onFulfilled: (message: Message, result: unknown) => void,
    onRejected: (message: Message, error: unknown) => void,
  ) {
    this.onFulfilled = (result) => onFulfilled(this, result);
    this.onRejected = (error) => onRejected(this, error);
  }
}

/** Dependencies of {@link RunningMessages}. */
export interface RunningMessagesDependencies {
  /** Returns the time at which a message begins; undefined unless a shutdown is in progress. */
  startedAt(this: void): number | undefined;
  /** Whether a message may still arrive that has to be handled. */
  isExpecting(this: void): boolean;
  /** Called when a handler has ended. */
  onEnded(this: void, context: unknown): void;
  /** Called before a message begins: returns what to answer instead, if it must not begin any more. */
  refusal(this: void, traits: HandlerTraits): unknown;
  /** How long the stream of a message may go on in a drain that has begun, in milliseconds; Infinity if there is none. */
  streamLimitMs(this: void, context: unknown): number;
}

/** The handlers of one server that are running: until their promise has settled, or their Observable has ended. */
export class RunningMessages {
  readonly #dependencies: RunningMessagesDependencies;
  /** In no order. */
  readonly #running: Message[] = [];
  readonly #spare: Message[] = [];
  readonly #changed = new Condition();
  #replies = 0;

  constructor(dependencies: RunningMessagesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Handlers that are running and replies that are being sent. */
  get size(): number {
    return this.#running.length + this.#replies;
  }

  get replies(): number {
    return this.#replies;
  }

  [Symbol.iterator](): Iterator<Message> {
    return this.#running.values();
  }

  /** Returns the handlers that are running now, so that they can be dropped one by one. */
  all(): Message[] {
    return [...this.#running];
  }

  /**
   * Returns a handler that counts its calls.
   *
   * It is the same one in every other respect: Nest looks for the next handler of an event on the handler before it.
   */
  counted(handler: MessageHandler, traits: HandlerTraits): MessageHandler {
    return new Proxy(handler, {
      apply: (target, self, args: unknown[]) => this.#call(target, traits, self, args),
    });
  }

  /** Counts something that belongs to a message until the returned function is called. */
  begin(traits: HandlerTraits, context: unknown): () => void {
    const message = this.#add(this.#create(), traits, context);
    return () => {
      if (!message.isCut) this.#end(message);
    };
  }

  /** Counts a reply until it has been sent. `onLost` decides whether an error is passed on. */
  countReply(send: () => unknown, onLost: (error: unknown) => boolean): unknown {
    let sending: unknown;
    try {
      sending = send();
    } catch (error) {
      if (onLost(error)) return undefined;
      throw error;
    }
    if (!isPromise(sending)) return sending;
    this.#replies += 1;
    return sending.then(
      (result) => {
        this.#endReply();
        return result;
      },
      (error: unknown) => {
        this.#endReply();
        if (!onLost(error)) throw error;
      },
    );
  }

  /** Call it when what {@link RunningMessagesDependencies.isExpecting} returns may have changed. */
  recheck(): void {
    this.#changed.notify();
  }

  /** Resolves when nothing is running or expected any more, or the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    const isIdle = (): boolean => this.size === 0 && !this.#dependencies.isExpecting();
    signal.addEventListener('abort', this.#changed.notify, { once: true });
    do {
      await this.#changed.until(isIdle, signal);
      // Nest sends a reply one tick after its handler has ended.
      await new Promise(setImmediate);
    } while (!isIdle() && !signal.aborted);
    signal.removeEventListener('abort', this.#changed.notify);
  }

  /** Ends the streams that may go on for `limitMs` at most. */
  endStreams(limitMs: number): void {
    for (const { subscriber, context } of this.all()) {
      if (subscriber && this.#dependencies.streamLimitMs(context) <= limitMs) subscriber.complete();
    }
  }

  /** Stops counting a message, whatever its handler still does; a request is answered with an error, if one is given. */
  drop(message: Message, answer?: unknown): void {
    const { traits, subscriber, resolve } = message;
    if (message.isCut) return;
    message.isCut = true;
    this.#end(message);
    if (answer === undefined || traits.isEvent) return;
    if (subscriber) subscriber.error(answer);
    else resolve?.(throwError(() => answer));
  }

  #call(handler: MessageHandler, traits: HandlerTraits, self: unknown, args: unknown[]): unknown {
    const refusal = this.#dependencies.refusal(traits);
    if (refusal !== undefined) return refusal;
    const context = args.at(-1);
    const message = this.#add(this.#spare.pop() ?? this.#create(), traits, context);
    let result: unknown;
    try {
      result = Reflect.apply(handler, self, args);
    } catch (error) {
      this.#recycle(message);
      throw error;
    }
    if (isPromise(result)) {
      return new Promise((resolve, reject) => {
        message.resolve = resolve;
        message.reject = reject;
        void (result as Promise<unknown>).then(message.onFulfilled, message.onRejected);
      });
    }
    this.#recycle(message);
    return isObservable(result) ? this.#stream(result, traits, context) : result;
  }

  #create(): Message {
    return new Message(this.#onFulfilled, this.#onRejected);
  }

  #add(message: Message, traits: HandlerTraits, context: unknown): Message {
    message.traits = traits;
    message.context = context;
    message.startedAt = this.#dependencies.startedAt();
    message.index = this.#running.push(message) - 1;
    return message;
  }

  readonly #onFulfilled = (message: Message, result: unknown): void => {
    // It has been answered.
    if (message.isCut) return;
    const { resolve, traits, context } = message;
    this.#recycle(message);
    resolve?.(isObservable(result) ? this.#stream(result, traits, context) : result);
  };

  readonly #onRejected = (message: Message, error: unknown): void => {
    if (message.isCut) return;
    const { reject } = message;
    this.#recycle(message);
    reject?.(error);
  };

  /** Counts a stream from its subscription to its end. */
  #stream(source: Observable<unknown>, traits: HandlerTraits, context: unknown): Observable<unknown> {
    return new Observable((subscriber) => {
      const message = this.#add(this.#create(), traits, context);
      message.subscriber = subscriber;
      const subscription = source.subscribe({
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      if (this.#dependencies.streamLimitMs(context) <= 0) subscriber.complete();
      return () => {
        subscription.unsubscribe();
        if (!message.isCut) this.#end(message);
      };
    });
  }

  #recycle(message: Message): void {
    this.#end(message);
    if (this.#spare.length < MAX_SPARE) this.#spare.push(message);
  }

  #end(message: Message): void {
    const { context } = message;
    const last = this.#running.pop()!;
    if (last !== message) {
      this.#running[message.index] = last;
      last.index = message.index;
    }
    // What is over is not kept alive.
    message.context = message.resolve = message.reject = undefined;
    this.#dependencies.onEnded(context);
    this.#changed.notify();
  }

  #endReply(): void {
    this.#replies -= 1;
    this.#changed.notify();
  }
}
