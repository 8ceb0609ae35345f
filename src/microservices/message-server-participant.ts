import { NEVER, throwError } from 'rxjs';
import { messageOf } from '../core/errors.js';
import { atMost } from '../util/at-most.js';
import { overrideMethod } from '../util/override-method.js';
import { nameOfPattern } from './message-server.js';
import { RunningMessages } from './running-messages.js';
import type { ShutdownContext, ShutdownParticipant, Statistics } from '../core/participant.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { Clock, Timer } from '../util/clock.js';
import type { MessageHandler, MessageServer, Respond } from './message-server.js';
import type { HandlerTraits, Message } from './running-messages.js';
import type { Transport } from './transport.js';

/** Time for handing messages back at the end of a drain; at most half of the time left when it begins. */
const HAND_BACK_MS = 1_000;
/** Time for answering what is cut at the end of a drain; at most a quarter of the time left when it begins. */
const ANSWER_MS = 300;
/** The part of a drain in which a server still receives, if its own process waits for answers that it may have to give. */
const SELF_SERVICE_SHARE = 0.5;
/** How long a broker may take to confirm what it was told; at most half of the time left. */
const CONFIRM_MS = 2_000;

/** Requests that this process has sent and not been answered yet. */
export interface OwnRequests {
  any(): boolean;
  /** Calls `listener` whenever {@link any} may have changed; returns a function that stops this. */
  onChange(listener: () => void): () => void;
  /** Set by the server: returns a promise if it is not receiving at once, which settles when it is. */
  receiving: (this: void) => Promise<unknown> | undefined;
}

/** Dependencies of {@link MessageServerParticipant}. */
export interface MessageServerDependencies {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: ShutdownLogger;
  /** Whether a shutdown is in progress that cannot be undone. */
  isTerminating(this: void): boolean;
  /** Called before the server is closed; may begin a shutdown. */
  onClosing(this: void): void;
  /** Resolves when `release` begins. */
  readonly released: Promise<void>;
  /** Called when a message arrives at a listening server during a shutdown. */
  onArrival(this: void): void;
  /** How long the stream of a message may go on in a drain, in milliseconds. */
  streamLimitMs(this: void, context: unknown): number;
  /** The requests of this process that the server may have to answer. */
  readonly ownRequests: OwnRequests;
  /** What could be lost unseen; makes `drain` fail. */
  blindSpot(this: void): string | undefined;
}

/**
 * The server of a microservice: receives nothing new, and finishes the messages that it has.
 *
 * Handlers are counted until they have ended, replies until they have been sent. What has not finished at the end of the
 * drain is handed back where the broker allows it. The rest is cut: named, and answered with an error.
 */
export class MessageServerParticipant implements ShutdownParticipant {
  readonly name: string;
  readonly messages: RunningMessages;

  readonly #server: MessageServer;
  readonly #dependencies: MessageServerDependencies;
  #transport!: Transport;
  #steps: Promise<unknown> = Promise.resolve();
  #isStarted = false;
  #isStopped = false;
  #isQuiesced = false;
  #isEnded = false;
  #refusesAll = false;
  #areArriving = false;
  #isSelfServing = true;
  #stopWatchingRequests: (() => void) | undefined;
  #announcedAt: number | undefined;
  #drainBeganAt: number | undefined;
  #context: ShutdownContext | undefined;
  #closing: Promise<void> | undefined;
  #handedBack = 0;
  #cut = 0;

  constructor(server: MessageServer, dependencies: MessageServerDependencies) {
    this.#server = server;
    this.#dependencies = dependencies;
    this.name = dependencies.name;
    this.messages = new RunningMessages({
      startedAt: () => this.#onBegun(),
      isExpecting: () => this.#isNeeded || this.#areArriving,
      onEnded: (context) => {
        if (this.#isStopped) this.#transport.onEnded?.(context);
      },
      refusal: (traits) => (this.#refusesAll ? this.#refuse(traits) : undefined),
      streamLimitMs: (context) => this.#streamLimitMs(context),
    });
  }

  /** Whether it has clients that need time to find another server. */
  get isListening(): boolean {
    return this.#transport.isListening;
  }

  /** Watches the server, before Nest registers the first handler; returns functions that restore it. */
  watch(transport: Transport): (() => void)[] {
    this.#transport = transport;
    const server = this.#server;
    this.#countRegistered();
    return [
      overrideMethod(server, 'addHandler', (add) => (pattern, handler, isEvent, ...rest) => {
        const traits = { name: nameOfPattern(pattern), isEvent: isEvent === true };
        return add(pattern, this.messages.counted(handler as MessageHandler, traits), isEvent, ...rest);
      }),
      overrideMethod(
        server,
        'send',
        (send) =>
          (stream, respond, ...rest) =>
            send(stream, this.countedReplies(respond as Respond), ...rest),
      ),
      overrideMethod(server, 'listen', (listen) => (...args) => {
        this.#isStarted = true;
        return listen(...args);
      }),
      overrideMethod(server, 'close', (close) => (...args) => {
        this.#dependencies.onClosing();
        return this.#dependencies.isTerminating() ? this.#closeOnce(() => close(...args)) : close(...args);
      }),
      ...transport.watch(),
    ];
  }

  /** Returns a function that sends replies and counts them. */
  countedReplies(respond: Respond): Respond {
    return (packet) => this.messages.countReply(() => respond(packet), this.onReplyLost);
  }

  /** Called for a reply that could not be sent; returns whether the error needs no further handling. */
  readonly onReplyLost = (error: unknown): boolean => {
    if (!this.#dependencies.isTerminating()) return false;
    this.#dependencies.logger.error(`${this.name}: a reply could not be sent: ${messageOf(error)}`);
    this.#cutOne('a reply', this.#announcedAt);
    return true;
  };

  /** Called for messages that are lost with the server, although no handler has them. */
  readonly onLost = (name: string): void => this.#cutOne(name, this.#announcedAt);

  announce(): void {
    this.#dependencies.ownRequests.receiving = () => this.#steps;
    this.#announcedAt ??= this.#dependencies.clock.now();
    this.#stopWatchingRequests ??= this.#dependencies.ownRequests.onChange(() => this.#onRequests());
    this.#steer();
  }

  async resume(): Promise<void> {
    this.#announcedAt = undefined;
    this.#stopWatchingRequests?.();
    this.#stopWatchingRequests = undefined;
    this.#dependencies.ownRequests.receiving = () => undefined;
    this.#steer();
    await this.#steps;
  }

  quiesce(): void {
    this.#isQuiesced = true;
    this.announce();
  }

  /** Begins no message that arrives from now on. */
  refuse(): void {
    this.#refusesAll = true;
  }

  async drain(context: ShutdownContext): Promise<void> {
    const { clock } = this.#dependencies;
    const { remainingMs } = context.until;
    this.#context = context;
    this.#drainBeganAt ??= clock.now();
    const timers = this.#schedule(remainingMs);
    const cutTheRest = (): void => this.#cutTheRest();
    context.signal.addEventListener('abort', cutTheRest, { once: true });
    try {
      await this.#confirmed(this.#steps, 'stop receiving');
      await this.messages.idle(context.signal);
      // It may have received for a while.
      await this.#confirmed(this.#steps, 'stop receiving');
      await this.#confirmed(this.#transport.flush(), 'take what was sent');
    } finally {
      for (const timer of timers) timer.cancel();
      context.signal.removeEventListener('abort', cutTheRest);
    }
    const blindSpot = this.#dependencies.blindSpot();
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  async release(): Promise<void> {
    this.#stopWatchingRequests?.();
    await this.#server.close();
  }

  inFlight(): number {
    return this.#distinct().size + this.messages.replies;
  }

  unfinished(): string[] {
    return Array.from(this.#distinct(), ({ traits }) => traits.name);
  }

  statistics(): Statistics {
    return {
      messages: this.inFlight(),
      handedBack: this.#handedBack,
      cut: this.#cut,
      ...this.#transport.statistics?.(),
    };
  }

  get #confirmMs(): number {
    return this.#transport.confirmMs ?? CONFIRM_MS;
  }

  /** Handlers that were registered before the server was found, which happens with old versions of Nest. */
  #countRegistered(): void {
    const handlers = this.#server.getHandlers?.();
    if (!(handlers instanceof Map)) return;
    for (const [pattern, handler] of handlers) {
      const { isEventHandler } = handler as { isEventHandler?: boolean };
      const traits = { name: nameOfPattern(pattern), isEvent: isEventHandler === true };
      const chain: Chained[] = [];
      for (let one: Chained | undefined = handler; one; one = one.next) chain.push(one);
      const counted: Chained[] = chain.map((one) => this.messages.counted(one, traits));
      for (const [index, one] of counted.slice(1).entries()) counted[index]!.next = one;
      handlers.set(pattern, counted[0]!);
    }
  }

  #onBegun(): number | undefined {
    if (this.#announcedAt === undefined) return undefined;
    if (this.#transport.isListening) this.#dependencies.onArrival();
    return this.#dependencies.clock.now();
  }

  #streamLimitMs(context: unknown): number {
    if (this.#drainBeganAt === undefined) return Infinity;
    const goneMs = this.#dependencies.clock.now() - this.#drainBeganAt;
    return Math.max(0, this.#dependencies.streamLimitMs(context) - goneMs);
  }

  /** Whether this process waits for an answer that this server may have to give. */
  get #isNeeded(): boolean {
    return this.#isSelfServing && !this.#transport.isListening && this.#dependencies.ownRequests.any();
  }

  #onRequests(): void {
    this.#steer();
    this.messages.recheck();
  }

  /** Tells the transport one thing after the other: libraries get confused by a stop in the middle of a start. */
  #steer(): void {
    if (!this.#isStarted) return;
    const isToStop = this.#announcedAt !== undefined && !this.#isNeeded;
    if (this.#isStopped !== isToStop) {
      this.#isStopped = isToStop;
      this.#steps = this.#steps
        .then(() => (isToStop ? this.#transport.stopIntake() : this.#transport.startIntake()))
        // A server that has lost its broker receives nothing either.
        .catch((error: unknown) =>
          this.#dependencies.logger.warn(
            `${this.name}: could not ${isToStop ? 'stop' : 'start'} receiving: ${messageOf(error)}`,
          ),
        );
    }
    if (!isToStop || !this.#isQuiesced || this.#isEnded) return;
    this.#isEnded = true;
    void this.#endIntake();
  }

  /** A drain is not over while connections may be on their way. */
  async #endIntake(): Promise<void> {
    this.#areArriving = true;
    try {
      await this.#transport.endIntake?.();
    } catch (error) {
      this.#dependencies.logger.warn(`${this.name}: could not stop listening: ${messageOf(error)}`);
    }
    this.#areArriving = false;
    this.messages.recheck();
  }

  /** Waits until the other side has confirmed what it was told, but never until the end of the drain. */
  async #confirmed(work: Promise<unknown>, what: string): Promise<void> {
    const { clock, logger } = this.#dependencies;
    const ms = Math.min(this.#confirmMs, (this.#context?.until.remainingMs ?? 0) / 2);
    try {
      if (await atMost(clock, ms, work)) return;
      logger.warn(`${this.name}: the other side did not confirm within ${Math.round(ms)} ms: ${what}`);
    } catch (error) {
      logger.warn(`${this.name}: could not ${what}: ${messageOf(error)}`);
    }
  }

  #schedule(remainingMs: number): Timer[] {
    const { clock } = this.#dependencies;
    const before = (endMs: number, share: number, call: () => void): Timer =>
      clock.setTimer(call, remainingMs - Math.min(endMs, remainingMs * share));
    const limits = new Set(Array.from(this.messages, ({ context }) => this.#streamLimitMs(context)));
    return [
      clock.setTimer(() => {
        this.#isSelfServing = false;
        this.#onRequests();
      }, remainingMs * SELF_SERVICE_SHARE),
      ...Array.from(limits, (limitMs) =>
        clock.setTimer(() => this.messages.endStreams(), Math.min(limitMs, remainingMs)),
      ),
      before(HAND_BACK_MS, 0.5, () => void this.#handBack()),
      before(ANSWER_MS, 0.25, () => this.#cutMessages()),
    ];
  }

  async #handBack(): Promise<void> {
    const { logger } = this.#dependencies;
    const transport = this.#transport;
    const results = (await transport.handBack?.()) ?? [];
    const handled = new Set(this.messages.all().map(({ context }) => transport.messageOf?.(context)));
    for (const { name, error, message } of results) {
      if (error === undefined) {
        this.#handedBack += 1;
        logger.warn(`message ${name} was handed back: another server receives it`);
        continue;
      }
      logger.error(`message ${name} could not be handed back: ${messageOf(error)}`);
      // A handler that is running is cut later, unless it finishes.
      if (!message || !handled.has(message)) this.#cutOne(name, undefined);
    }
    for (const message of this.messages.all()) {
      if (transport.wentBack?.(message.context)) this.messages.drop(message);
    }
  }

  /** Ends what is left: each message is named once, though several handlers may have it. */
  #cutMessages(): void {
    for (const { traits, startedAt } of this.#distinct()) this.#cutOne(traits.name, startedAt);
    for (const message of this.messages.all()) {
      const text = `${message.traits.name} was cut: the server is shutting down`;
      this.messages.drop(message, this.#transport.errorFor?.(text, message.context));
    }
  }

  /**
   * Answers a message that must not begin: a request with an error, if its transport has one. Anything else stays unanswered:
   * a broker that waits for the acknowledgement delivers it again.
   */
  #refuse({ name, isEvent }: HandlerTraits): unknown {
    const error: unknown = this.#transport.errorFor?.(`${name} was refused: the server is shutting down`);
    return isEvent || error === undefined ? NEVER : throwError(() => error);
  }

  #cutTheRest(): void {
    this.#cutMessages();
    for (let count = this.messages.replies; count > 0; count -= 1) {
      this.#cutOne('a reply', this.#announcedAt);
    }
  }

  #cutOne(name: string, startedAt: number | undefined): void {
    const now = this.#dependencies.clock.now();
    this.#cut += 1;
    this.#context?.cut({ kind: 'message', name, ageMs: now - (startedAt ?? this.#announcedAt ?? now) });
  }

  /** The messages that are being handled, each once. */
  #distinct(): Set<Message> {
    const byContext = new Map<unknown, Message>();
    for (const message of this.messages) {
      const { context } = message;
      byContext.set(typeof context === 'object' && context !== null ? context : message, message);
    }
    return new Set(byContext.values());
  }

  async #closeOnce(close: () => unknown): Promise<void> {
    this.#closing ??= this.#dependencies.released.then(() => this.#close(close));
    await this.#closing;
  }

  async #close(close: () => unknown): Promise<void> {
    const { clock, logger } = this.#dependencies;
    // The hooks and resources of the application come after it.
    const ms = Math.min(this.#confirmMs, (this.#context?.deadline.remainingMs ?? Infinity) / 2);
    try {
      if (await atMost(clock, ms, Promise.resolve(close()))) return;
      const end = this.#transport.abandon ? 'the connection was dropped' : 'it is not awaited';
      logger.warn(`${this.name}: closing took longer than ${Math.round(ms)} ms: ${end}`);
    } catch (error) {
      // Its replies have been sent, or named. A connection that is gone needs no closing.
      logger.warn(`${this.name}: closing failed: ${messageOf(error)}`);
    }
    this.#transport.abandon?.();
  }
}

interface Chained extends MessageHandler {
  next?: Chained;
}
