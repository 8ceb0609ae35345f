import { runningProcesses, type RunningProcess } from './process-table.js';

/** The processes that began with one: its group, and descendants that left the group. */
export class ProcessFamily {
  readonly #leader: number;
  /** By process id, when each began: an id may be given to another process meanwhile. */
  readonly #known = new Map<number, string>();
  #isGone = false;

  constructor(leader: number) {
    this.#leader = leader;
  }

  /**
   * Returns those that run, the first included if it does; remembers them, because the end of a parent hides whose they are.
   * Once there are none, there will be none: the id of the first may be given to another process.
   */
  async members(): Promise<readonly RunningProcess[]> {
    if (this.#isGone) return [];
    const running = await runningProcesses();
    const ids = new Set([this.#leader]);
    for (const { pid, group, startedAt } of running) {
      if (group === this.#leader || this.#known.get(pid) === startedAt) ids.add(pid);
    }
    // A set also iterates over what is added meanwhile.
    for (const id of ids) {
      for (const { pid, parent } of running) if (parent === id) ids.add(pid);
    }
    const members = running.filter(({ pid }) => ids.has(pid));
    this.#known.clear();
    for (const { pid, startedAt } of members) this.#known.set(pid, startedAt);
    this.#isGone = members.length === 0;
    return members;
  }

  /** Kills its group and whatever else is known of it, at once. */
  kill(): void {
    if (this.#isGone) return;
    for (const id of [-this.#leader, ...this.#known.keys()]) {
      try {
        process.kill(id, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
  }
}
