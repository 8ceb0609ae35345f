import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/errors.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { atMost } from '../../util/at-most.js';
import { SteeredConsumer } from './steered-consumer.js';
import type { Clock } from '../../util/clock.js';
import type { ShutdownContext, ShutdownParticipant } from '../../core/participant.js';
import type { Consumer, HandBack } from './consumer.js';

/** Before the resources of an application, which the work of its consumers may need. */
export const CONSUMERS_PRIORITY = 500;

/** Time at the end of the drain for handing work back, in milliseconds; at most half of the time left when it begins. */
const HAND_BACK_MS = 1_000;
/** How long a server may take to say what waits in it, in milliseconds; at most half of the time left. */
const CONFIRM_MS = 2_000;

/**
 * The consumers of one package: from the announcement on they fetch nothing, and work in progress finishes. A consumer
 * continues to fetch while this process itself waits for a result from it.
 *
 * Work that has not finished at the end of the drain is handed back, and another consumer takes it.
 */
export class Consumers implements ShutdownParticipant {
  readonly name: string;

  readonly #consumers: SteeredConsumer[];
  readonly #clock: Clock;
  readonly #blindSpot: () => string | undefined;
  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  readonly #cuts = new Set<string>();
  readonly #abandoned = new Set<Consumer>();
  #isAnnounced = false;
  #announcedAt = 0;

  /** @param blindSpot says what is not seen of the package, if anything: the drain fails then */
  constructor(
    name: string,
    consumers: readonly Consumer[],
    clock: Clock,
    blindSpot: () => string | undefined = () => undefined,
  ) {
    this.name = name;
    this.#consumers = consumers.map((consumer) => new SteeredConsumer(consumer));
    this.#clock = clock;
    this.#blindSpot = blindSpot;
  }

  /** Takes in a consumer that came later. */
  add(consumer: Consumer): void {
    const steered = new SteeredConsumer(consumer);
    this.#consumers.push(steered);
    if (this.#isAnnounced) steered.stopFetching();
  }

  announce(): void {
    this.#isAnnounced = true;
    this.#announcedAt = this.#clock.now();
    for (const consumer of this.#consumers) consumer.stopFetching();
  }

  async resume(): Promise<void> {
    this.#isAnnounced = false;
    await Promise.all(this.#consumers.map((consumer) => consumer.fetchAgain()));
  }

  async drain(context: ShutdownContext): Promise<void> {
    const { remainingMs } = context.until;
    let timer = { cancel(): void {} };
    const handedBack = new Promise<void>((resolve) => {
      timer = this.#clock.setTimer(
        () => void this.#handBack(context).finally(resolve),
        remainingMs - Math.min(HAND_BACK_MS, remainingMs / 2),
      );
    });
    context.signal.addEventListener('abort', () => this.#cut(context), { once: true });
    await Promise.race([Promise.all(this.#consumers.map((consumer) => consumer.finish())), handedBack]);
    timer.cancel();
    await Promise.all(this.#consumers.map(({ consumer }) => this.#cutDoomed(consumer, context)));
    const blindSpot = this.#blindSpot();
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** Closes the consumers that no hook of Nest closes; the others are closed already. */
  async release(): Promise<void> {
    const toClose = this.#consumers.filter(({ consumer }) => !this.#abandoned.has(consumer));
    await Promise.all(toClose.map(async ({ consumer }) => consumer.close?.()));
  }

  inFlight(): number {
    return this.#consumers.reduce((sum, { consumer }) => sum + consumer.unfinished().length, 0);
  }

  async #handBack(context: ShutdownContext): Promise<void> {
    const withResults = await Promise.all(
      this.#consumers.map(async (steered) => {
        const results = await this.#handBackOf(steered, context);
        return results.length > 0 ? [steered.consumer] : [];
      }),
    );
    // Otherwise the close of the package would wait for the work that has just been handed back.
    if (!context.signal.aborted) for (const consumer of withResults.flat()) this.#abandon(consumer);
  }

  async #handBackOf(steered: SteeredConsumer, context: ShutdownContext): Promise<HandBack[]> {
    const { consumer } = steered;
    await steered.stopForGood();
    const results = await consumer
      .handBack()
      .catch((error: unknown) => consumer.unfinished().map((name) => ({ name, error })));
    for (const { name, error } of results) {
      if (error === undefined) {
        this.#logger.warn(`${consumer.kind} ${name} was handed back: another worker takes it`);
      } else {
        this.#logger.error(`${consumer.kind} ${name} could not be handed back: ${messageOf(error)}`);
        this.#cutOne(consumer, name, context);
      }
    }
    return results;
  }

  async #cutDoomed(consumer: Consumer, context: ShutdownContext): Promise<void> {
    const doomed = (async () => {
      for (const name of (await consumer.doomed?.()) ?? []) this.#cutOne(consumer, name, context);
    })();
    const ms = Math.min(CONFIRM_MS, context.until.remainingMs / 2);
    // Without a connection, nothing can be asked.
    await atMost(this.#clock, ms, doomed).catch(() => undefined);
  }

  #cut(context: ShutdownContext): void {
    for (const { consumer } of this.#consumers) {
      const unfinished = consumer.unfinished();
      for (const name of unfinished) this.#cutOne(consumer, name, context);
      if (unfinished.length > 0) this.#abandon(consumer);
    }
  }

  #abandon(consumer: Consumer): void {
    if (this.#abandoned.has(consumer)) return;
    this.#abandoned.add(consumer);
    consumer.abandon();
  }

  #cutOne({ kind }: Consumer, name: string, context: ShutdownContext): void {
    if (this.#cuts.has(name)) return;
    this.#cuts.add(name);
    context.cut({ kind, name, ageMs: this.#clock.now() - this.#announcedAt });
  }
}
