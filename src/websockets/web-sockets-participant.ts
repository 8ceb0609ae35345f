import { cutEach } from '../core/cutting.js';
import { spread } from '../util/spread.js';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../util/clock.js';
import type { ShutdownContext, ShutdownParticipant, Statistics } from '../core/participant.js';
import type { HeardSocket, UnfinishedMessage } from './heard-socket.js';
import type { HeardSockets } from './heard-sockets.js';
import type { Messages } from './messages.js';
import type { CloseCode, OpenSocket } from './open-socket.js';

/** How long, in milliseconds, a client may read less than the least rate after its close frame was sent. */
const CLOSE_BUDGET_MS = 2_000;

/** Dependencies of {@link WebSocketsParticipant}. */
export interface WebSocketsDependencies {
  readonly clock: Clock;
  readonly closeCode: CloseCode;
  readonly messages: Messages;
  /** Returns what may have been lost unnoticed, if anything. Called at the end of `drain`, which then fails. */
  blindSpot?(this: void): string | undefined;
  readonly heard: HeardSockets;
  /** Returns the sockets that are open now. */
  open(this: void): readonly OpenSocket[];
  /** Returns how many sent bytes the kernel has accepted. */
  bytesSentOn(this: void, socket: Socket): number;
  /** The least rate at which a client has to read what was sent before its close frame, in bytes per second; 0: none. */
  readonly minBytesPerSecond: number;
  /** Returns the time over which `drain` spreads the closing of sockets, in milliseconds. */
  windowMs(this: void, context: ShutdownContext): number;
}

/**
 * Closes the WebSockets: spread over a window, each one when its messages have been answered.
 *
 * Awaits what gateways do when a client connects or disconnects.
 */
export class WebSocketsParticipant implements ShutdownParticipant {
  readonly name = 'WebSockets';

  readonly #dependencies: WebSocketsDependencies;
  /** Sockets that are to be closed and are still open, each with the timer that ends the wait for its client. */
  readonly #leaving = new Map<OpenSocket, Timer | undefined>();
  readonly #chosen = new WeakSet<object>();
  /** Pending calls of `handleConnection` and `handleDisconnect`. */
  readonly #calls = new Set<GatewayCall>();
  #context: ShutdownContext | undefined;
  #wake = (): void => {};
  #closed = 0;
  #cut = 0;

  constructor(dependencies: WebSocketsDependencies) {
    this.#dependencies = dependencies;
    dependencies.messages.onIdle = () => this.#wake();
    dependencies.heard.onSettled = () => this.#wake();
  }

  /**
   * Awaits in `drain` what a gateway's `handleConnection` or `handleDisconnect` has returned.
   *
   * @returns a promise that settles like `result`. Pass it on in place of `result`, so that a rejection is handled once
   */
  track<T>(name: string, result: Promise<T>): Promise<T> {
    const call = { name, startedAt: this.#dependencies.clock.now() };
    this.#calls.add(call);
    return result.finally(() => {
      this.#calls.delete(call);
      this.#wake();
    });
  }

  /** Call it when a client has connected. During `drain` its socket is closed at once. */
  onConnected(): void {
    if (!this.#context) return;
    setImmediate(() => {
      for (const socket of this.#choose()) this.#sendAway(socket);
    });
  }

  /** Receives no more messages. */
  refuse(): void {
    for (const socket of this.#dependencies.open()) socket.pause();
  }

  async drain(context: ShutdownContext): Promise<void> {
    const { clock, windowMs } = this.#dependencies;
    const { signal } = context;
    this.#context = context;
    const cutTheRest = (): void => this.#cutTheRest(context);
    signal.addEventListener('abort', cutTheRest, { once: true });
    do {
      await spread(this.#choose(), { clock, windowMs: windowMs(context), signal }, (socket) =>
        this.#sendAway(socket),
      );
      while (this.#isBusy && !signal.aborted) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      // More clients may have connected, or may only now be recognised.
    } while (!signal.aborted && this.#newcomers().length > 0);
    signal.removeEventListener('abort', cutTheRest);
    const blindSpot = this.#dependencies.blindSpot?.();
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** Number of messages in progress and of pending calls of `handleConnection` and `handleDisconnect`. */
  inFlight(): number {
    return this.#messagesInFlight + this.#calls.size;
  }

  /** The names of messages outside gateways and of pending calls of gateways. Messages of gateways are only counted. */
  unfinished(): string[] {
    const messages = this.#heardSockets().flatMap((heard) => heard.unfinished());
    return [...messages, ...this.#calls].map(({ name }) => name);
  }

  /** Counts messages in progress, and sockets that were closed or cut. */
  statistics(): Statistics {
    return { messages: this.#messagesInFlight, closed: this.#closed, cut: this.#cut };
  }

  get #messagesInFlight(): number {
    const { messages, heard } = this.#dependencies;
    return heard.busy().reduce((sum, { inFlight }) => sum + inFlight, messages.inFlight);
  }

  /** Sockets that have messages in progress or are to be closed. */
  #heardSockets(): HeardSocket[] {
    const leaving = Array.from(this.#leaving.keys(), ({ heard }) => heard);
    return [...new Set([...leaving, ...this.#dependencies.heard.busy()])].filter(
      (heard) => heard !== undefined,
    );
  }

  get #isBusy(): boolean {
    return this.#leaving.size > 0 || this.inFlight() > 0;
  }

  /** Open sockets that have not been chosen yet. */
  #newcomers(): OpenSocket[] {
    return this.#dependencies.open().filter(({ key, isClosed }) => !isClosed && !this.#chosen.has(key));
  }

  #choose(): OpenSocket[] {
    const chosen = this.#newcomers();
    for (const socket of chosen) {
      this.#chosen.add(socket.key);
      this.#leaving.set(socket, undefined);
      socket.onClosed(() => this.#onClosed(socket));
    }
    return chosen;
  }

  #sendAway(socket: OpenSocket): void {
    if (!this.#leaving.has(socket)) return;
    const { closeCode, messages } = this.#dependencies;
    socket.pause();
    const sayGoodbye = (givenUp?: UnfinishedMessage): void => {
      if (!this.#leaving.has(socket)) return;
      if (givenUp) this.#reportMessage(givenUp);
      socket.close(closeCode);
      if (this.#leaving.has(socket)) this.#watch(socket);
    };
    // `close()` is mostly called by tests, which must not wait for an answer that may never come.
    const guesses = this.#context?.reason.kind !== 'close';
    if (socket.heard) socket.heard.whenIdle(guesses, sayGoodbye);
    else messages.of(socket.key).whenIdle(() => sayGoodbye());
  }

  #reportMessage({ name, ageMs }: UnfinishedMessage): void {
    this.#cut += 1;
    this.#context?.cut({ kind: 'message', name, ageMs });
  }

  /** Waits for the client to close. Waits again as long as the client reads what was sent before. */
  #watch(socket: OpenSocket): void {
    const { clock, bytesSentOn, minBytesPerSecond } = this.#dependencies;
    const leastBytes = Math.max(1, (minBytesPerSecond * CLOSE_BUDGET_MS) / 1_000);
    const bytesSent = (): number => (socket.connection ? bytesSentOn(socket.connection.socket) : 0);
    const before = bytesSent();
    const timer = clock.setTimer(() => {
      if (bytesSent() - before < leastBytes) this.#cutOff(socket);
      else this.#watch(socket);
    }, CLOSE_BUDGET_MS);
    this.#leaving.set(socket, timer);
  }

  #cutOff(socket: OpenSocket, sayWhy = (): void => {}): void {
    const { clock } = this.#dependencies;
    const now = clock.now();
    const unfinished = socket.heard?.unfinished() ?? [];
    for (const message of unfinished) this.#reportMessage(message);
    if (unfinished.length === 0) {
      this.#cut += 1;
      this.#context?.cut({
        kind: 'socket',
        name: socket.name,
        ageMs: now - (socket.connection?.openedAt ?? now),
      });
    }
    this.#forget(socket);
    sayWhy();
    socket.terminate();
  }

  #cutTheRest(context: ShutdownContext): void {
    void cutEach<CutPiece>(context, {
      pieces: this.#pieces(context),
      cut: ({ cut }) => cut(),
      forget: ({ socket }) => {
        this.#cut += 1;
        if (socket) this.#forget(socket);
        return socket ? 'socket' : 'message';
      },
      discard: ({ socket }) => socket?.terminate(),
    });
  }

  /** Returns what cuts the sockets, then the messages and calls of others. */
  *#pieces({ cut }: ShutdownContext): Generator<CutPiece, undefined> {
    const { clock, closeCode, heard } = this.#dependencies;
    const left = new Set(heard.busy());
    for (const [socket] of this.#leaving) {
      if (socket.heard) left.delete(socket.heard);
      // Remaining listeners receive the reason.
      yield { socket, cut: () => this.#cutOff(socket, () => socket.close(closeCode)) };
    }
    for (const message of [...left].flatMap((socket) => socket.unfinished())) {
      yield { cut: () => this.#reportMessage(message) };
    }
    for (const { name, startedAt } of this.#calls) {
      yield { cut: () => cut({ kind: 'task', name, ageMs: clock.now() - startedAt }) };
    }
  }

  #onClosed(socket: OpenSocket): void {
    if (!this.#leaving.has(socket)) return;
    this.#closed += 1;
    this.#forget(socket);
  }

  #forget(socket: OpenSocket): void {
    this.#leaving.get(socket)?.cancel();
    socket.heard?.stop();
    this.#leaving.delete(socket);
    if (!this.#isBusy) this.#wake();
  }
}

interface GatewayCall {
  readonly name: string;
  readonly startedAt: number;
}

interface CutPiece {
  readonly socket?: OpenSocket;
  cut(this: void): void;
}
