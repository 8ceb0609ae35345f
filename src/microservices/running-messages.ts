import { isPromise } from 'node:util/types';
import { isObservable, Observable, throwError } from 'rxjs';
import { Condition } from '../util/condition.js';
import { isObject } from '../util/foreign.js';
import { EventLink } from './event-link.js';
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
  /** Its place among those that are running; -1 when it has ended. */
  index = -1;
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
  readonly #events = new WeakMap<object, HandlerTraits>();
  /** By the contexts of messages that are events with several handlers. */
  readonly #linkedEvents = new WeakMap<object, HandlerTraits>();
  readonly #links: EventLink[] = [];
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
    const link = traits.isEvent ? this.#linked(handler, traits) : undefined;
    return new Proxy(handler, {
      apply: (target, self, args: unknown[]) =>
        link?.isFollowed
          ? this.#callLinked(link, target, traits, self, args)
          : this.#call(target, traits, self, args),
    });
  }

  /** Whether Nest has joined handlers of one event itself, which has to be counted with {@link countJoined}. */
  get areJoinedByNest(): boolean {
    return this.#links.some(({ isLate }) => isLate);
  }

  /** Whether an event has several handlers. */
  get areLinked(): boolean {
    return this.#links.some(({ isFollowed }) => isFollowed);
  }

  /** Whether a context belongs to an event with several handlers. */
  isLinked(context: unknown): boolean {
    return this.#linkedEvents.has(context as object);
  }

  /** Counts a handler of an event whose result Nest joins with that of the next handler. */
  countJoined(handler: object, result: unknown, context: unknown): void {
    this.#countResult(this.#events.get(handler), result, context);
  }

  /** Counts what an Observable hides that Nest makes of a handler with interceptors, if {@link isLinked}. */
  countIntercepted(result: unknown, context: unknown): void {
    this.#countResult(this.#linkedEvents.get(context as object), result, context);
  }

  /** Counts something that belongs to a message until the returned function is called, or the message is dropped. */
  begin(traits: HandlerTraits, context: unknown): () => void {
    const message = this.#add(this.#create(), traits, context);
    return () => this.#end(message);
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

  /** Ends the streams that may not go on any longer. */
  endStreams(): void {
    for (const { subscriber, context } of this.all()) {
      if (subscriber && this.#dependencies.streamLimitMs(context) <= 0) subscriber.complete();
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

  #countResult(traits: HandlerTraits | undefined, result: unknown, context: unknown): void {
    if (!traits || !isPromise(result)) return;
    const message = this.#add(this.#spare.pop() ?? this.#create(), traits, context);
    void result.then(message.onFulfilled, message.onRejected);
  }

  #callLinked(
    link: EventLink,
    handler: MessageHandler,
    traits: HandlerTraits,
    self: unknown,
    args: unknown[],
  ): unknown {
    const context = args.at(-1);
    if (isObject(context)) this.#linkedEvents.set(context, traits);
    return link.call(() => this.#call(handler, traits, self, args), args);
  }

  #linked(handler: MessageHandler, traits: HandlerTraits): EventLink {
    const link = new EventLink(handler);
    this.#links.push(link);
    this.#events.set(handler, traits);
    return link;
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
        this.#end(message);
      };
    });
  }

  #recycle(message: Message): void {
    if (message.isCut) return;
    this.#end(message);
    if (this.#spare.length < MAX_SPARE) this.#spare.push(message);
  }

  #end(message: Message): void {
    const { context, index } = message;
    // Streams and calls may end after they were cut.
    if (index < 0) return;
    const last = this.#running.pop()!;
    if (last !== message) {
      this.#running[index] = last;
      last.index = index;
    }
    message.index = -1;
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
