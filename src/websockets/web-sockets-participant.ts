import { spread } from '../util/spread.js';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../util/clock.js';
import type { ShutdownContext, ShutdownParticipant, Statistics } from '../core/participant.js';
import type { HeardSocket, UnfinishedMessage } from './heard-socket.js';
import type { HeardSockets } from './heard-sockets.js';
import type { Messages } from './messages.js';
import type { CloseCode, OpenSocket } from './open-socket.js';

/** How long a client that was told to go may take nothing of what it is sent, in milliseconds. */
const CLOSE_BUDGET_MS = 2_000;

/** What the participant needs from the application. */
export interface WebSocketsDependencies {
  readonly clock: Clock;
  readonly closeCode: CloseCode;
  readonly messages: Messages;
  /** What could be lost unseen, in words; asked at the end of `drain`, which fails for it. */
  blindSpot?(this: void): string | undefined;
  readonly heard: HeardSockets;
  /** Who is connected now. */
  open(this: void): readonly OpenSocket[];
  /** How many bytes of what was sent are with the kernel. */
  bytesSentOn(this: void, socket: Socket): number;
  /** Over how many milliseconds clients are sent away, in `drain`. */
  windowMs(this: void, context: ShutdownContext): number;
}

/**
 * Sends the clients of WebSockets away: spread over a window, each one when its messages are answered.
 *
 * What gateways do when a client comes or goes is waited for.
 */
export class WebSocketsParticipant implements ShutdownParticipant {
  readonly name = 'WebSockets';

  readonly #dependencies: WebSocketsDependencies;
  /** Those that were chosen to leave and are still here, each with what ends its patience. */
  readonly #leaving = new Map<OpenSocket, Timer | undefined>();
  readonly #chosen = new WeakSet<object>();
  /** What gateways do about clients that come or go. */
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
   * Waits in `drain` for what a gateway does about a client: its `handleConnection`, its `handleDisconnect`.
   *
   * @returns settles as `result` does; to be given to the caller in its place, who alone handles a rejection
   */
  track<T>(name: string, result: Promise<T>): Promise<T> {
    const call = { name, startedAt: this.#dependencies.clock.now() };
    this.#calls.add(call);
    return result.finally(() => {
      this.#calls.delete(call);
      this.#wake();
    });
  }

  /** To be called when a client has connected: one that comes while clients are sent away is sent on at once. */
  onConnected(): void {
    if (!this.#context) return;
    setImmediate(() => {
      for (const socket of this.#choose()) this.#sendAway(socket);
    });
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
      // Others may have come, or may only now be told apart.
    } while (!signal.aborted && this.#newcomers().length > 0);
    signal.removeEventListener('abort', cutTheRest);
    const blindSpot = this.#dependencies.blindSpot?.();
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** Messages that are being handled, and clients that a gateway is greeting or seeing off. */
  inFlight(): number {
    return this.#messagesInFlight + this.#calls.size;
  }

  /** The messages of which more is known than that they are there, and the calls of gateways. */
  unfinished(): string[] {
    const messages = this.#heardSockets().flatMap((heard) => heard.unfinished());
    return [...messages, ...this.#calls].map(({ name }) => name);
  }

  /** Counts messages in work and the clients that were told to leave. */
  statistics(): Statistics {
    return { messages: this.#messagesInFlight, closed: this.#closed, cut: this.#cut };
  }

  get #messagesInFlight(): number {
    const { messages, heard } = this.#dependencies;
    return heard.busy().reduce((sum, { inFlight }) => sum + inFlight, messages.inFlight);
  }

  /** Those that have messages in work, and those that are to leave. */
  #heardSockets(): HeardSocket[] {
    const leaving = Array.from(this.#leaving.keys(), ({ heard }) => heard);
    return [...new Set([...leaving, ...this.#dependencies.heard.busy()])].filter(
      (heard) => heard !== undefined,
    );
  }

  get #isBusy(): boolean {
    return this.#leaving.size > 0 || this.inFlight() > 0;
  }

  /** Clients that have not been told to leave yet. */
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
    // What calls `close()` is mostly a test, which must not wait for what may never come.
    const guesses = this.#context?.reason.kind !== 'close';
    if (socket.heard) socket.heard.whenIdle(guesses, sayGoodbye);
    else messages.of(socket.key).whenIdle(() => sayGoodbye());
  }

  #reportMessage({ name, ageMs }: UnfinishedMessage): void {
    this.#cut += 1;
    this.#context?.cut({ kind: 'message', name, ageMs });
  }

  /** Gives the client time to go, and again as long as it reads what was sent before. */
  #watch(socket: OpenSocket): void {
    const { clock, bytesSentOn } = this.#dependencies;
    const bytesSent = (): number => (socket.connection ? bytesSentOn(socket.connection.socket) : 0);
    const before = bytesSent();
    const timer = clock.setTimer(() => {
      if (bytesSent() === before) this.#cutOff(socket);
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

  #cutTheRest({ cut }: ShutdownContext): void {
    const { clock, closeCode, heard } = this.#dependencies;
    const left = new Set(heard.busy());
    for (const [socket] of this.#leaving) {
      if (socket.heard) left.delete(socket.heard);
      // Listeners that are left receive the reason.
      this.#cutOff(socket, () => socket.close(closeCode));
    }
    for (const message of [...left].flatMap((socket) => socket.unfinished())) this.#reportMessage(message);
    for (const { name, startedAt } of this.#calls) {
      cut({ kind: 'task', name, ageMs: clock.now() - startedAt });
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
