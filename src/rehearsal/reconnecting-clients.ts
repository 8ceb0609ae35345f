import { openLongLived, type LongLivedEndOf, type LongLivedPlan } from './long-lived-clients.js';
import { messageOf } from '../core/errors.js';
import type { LongLivedClient } from './load/long-lived.js';

/** Clients of event streams or of WebSockets that connect again at once when they are ended, as those of browsers do sooner or later. */
export class ReconnectingClients {
  readonly #plan: LongLivedPlan;
  readonly #open = new Set<LongLivedClient>();
  readonly #ends: LongLivedEndOf[] = [];
  #isOver = false;

  private constructor(plan: LongLivedPlan) {
    this.#plan = plan;
  }

  /** Opens several clients for each path; rejects with a `RehearsalError` if one is not accepted. */
  static async open(
    plan: LongLivedPlan,
    paths: readonly string[],
    count: number,
  ): Promise<ReconnectingClients> {
    const clients = new ReconnectingClients(plan);
    const opened = paths.flatMap((path) => Array.from({ length: count }, () => clients.#connect(path)));
    await Promise.all(opened).catch((error: unknown) => {
      clients.close();
      throw error;
    });
    return clients;
  }

  /** Returns the ends in a time, in the milliseconds of `performance.now()`. */
  ends(from: number, until: number): readonly LongLivedEndOf[] {
    return this.#ends.filter(({ at }) => from <= at && at < until);
  }

  close(): void {
    this.#isOver = true;
    for (const client of this.#open) client.close();
  }

  async #connect(path: string): Promise<void> {
    const client = await openLongLived(this.#plan, path);
    if (this.#isOver) return client.close();
    this.#open.add(client);
    void client.ended.then((end) => {
      this.#open.delete(client);
      if (!this.#isOver) this.#again(path, end);
    });
  }

  #again(path: string, end: Omit<LongLivedEndOf, 'path'>): void {
    const name = path.split('?')[0]!;
    this.#ends.push({ path: name, ...end });
    this.#connect(path).catch((error: unknown) => {
      if (this.#isOver) return;
      const how = `could not connect again: ${messageOf(error)}`;
      this.#ends.push({ path: name, at: performance.now(), isClean: false, how });
    });
  }
}
