import { readFileSync } from 'node:fs';
import { monotonicMs } from './monotonic.js';

const EVERY_MS = 20;

/**
 * Measures what a busy machine takes from a run: the time in which a process of the run was ready to go on, and had no
 * processor. The one that waits longest counts, since what a client sees may have waited for it.
 */
export class LostTime implements Disposable {
  readonly #pids: readonly number[];
  readonly #waitedMs = new Map<number, number>();
  readonly #samples = [{ at: 0, lostMs: 0 }];
  #timer: NodeJS.Timeout | undefined;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    for (const pid of pids) this.#newlyWaitedMs(pid);
    this.#sampleAt(monotonicMs());
  }

  /** How much was lost between two instants, in milliseconds. */
  between(from: number, to: number): number {
    const before = this.#samples.findLast(({ at }) => at <= from);
    const after = this.#samples.find(({ at }) => at >= to) ?? this.#samples.at(-1);
    return Math.max(0, (after?.lostMs ?? 0) - (before?.lostMs ?? 0));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #sampleAt(dueAt: number): void {
    const at = monotonicMs();
    const before = this.#samples.at(-1)?.lostMs ?? 0;
    // By how late this timer is, this process has waited.
    const waitedMs = Math.max(at - dueAt, ...this.#pids.map((pid) => this.#newlyWaitedMs(pid)));
    this.#samples.push({ at, lostMs: before + waitedMs });
    this.#timer = setTimeout(() => this.#sampleAt(at + EVERY_MS), EVERY_MS);
  }

  #newlyWaitedMs(pid: number): number {
    const before = this.#waitedMs.get(pid) ?? 0;
    const now = waitedMs(pid) ?? before;
    this.#waitedMs.set(pid, now);
    return now - before;
  }
}

/** How long the main thread of a process has waited for a processor; only Linux tells. */
function waitedMs(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return undefined;
  }
}
