import { describe, expect, it } from '@jest/globals';
import { never, setUp } from './coordinator-on-manual-clock.js';
import type { Setup } from './coordinator-on-manual-clock.js';

/** Work that others hand over, as a task queue has it. */
class Tasks {
  count = 0;
  drains = 0;
  readonly #clock: Setup['clock'];
  readonly #idle = new Set<() => void>();

  constructor({ clock, coordinator }: Setup, name = 'tasks') {
    this.#clock = clock;
    coordinator.register({ name, drain: () => this.#drain(), inFlight: () => this.count });
  }

  begin(ms: number, done: () => void = () => {}): void {
    this.count += 1;
    this.#clock.setTimer(() => {
      this.count -= 1;
      done();
      if (this.count === 0) for (const resolve of this.#idle) resolve();
    }, ms);
  }

  async #drain(): Promise<void> {
    this.drains += 1;
    if (this.count > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
  }
}

describe('work that is made while others drain', () => {
  it('is waited for, although its participant had nothing to do at first', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const tasks = new Tasks(setup);
    coordinator.register({
      name: 'server',
      drain: () => new Promise<void>((resolve) => clock.setTimer(() => (tasks.begin(600), resolve()), 500)),
    });
    void coordinator.shutdown();
    await clock.advance(1_000);
    expect([coordinator.state, tasks.drains]).toEqual(['drain', 2]);
    await clock.advance(100);
    expect([coordinator.state, tasks.count]).toEqual(['completed', 0]);
  });

  it('is waited for along a chain of participants', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const last = new Tasks(setup, 'last');
    const middle = new Tasks(setup, 'middle');
    const first = new Tasks(setup, 'first');
    first.begin(100, () => middle.begin(100, () => last.begin(100)));
    void coordinator.shutdown();
    await clock.advance(299);
    expect(coordinator.state).toBe('drain');
    await clock.advance(1);
    expect(coordinator.state).toBe('completed');
  });

  it('is not waited for beyond the end of the drain, but cut and named', async () => {
    const setup = setUp({ gracePeriodMs: 10_000, releaseReserveMs: 2_000 });
    const { clock, coordinator } = setup;
    const tasks = new Tasks(setup);
    coordinator.register({ name: 'stuck', drain: never });
    tasks.begin(1_000, () => void clock.setTimer(() => tasks.begin(20_000), 6_900));
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(tasks.drains).toBe(2);
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 8_000 });
    const drains = coordinator.report?.participants.filter(({ phase }) => phase === 'drain');
    expect(drains?.map(({ name, outcome, startedMs }) => [name, outcome, startedMs])).toEqual([
      ['stuck', 'abandoned', 0],
      ['tasks', 'completed', 0],
      ['tasks', 'abandoned', 8_000],
    ]);
  });

  it('does not begin drainTimeoutMs anew', async () => {
    const setup = setUp({ drainTimeoutMs: 3_000 });
    const { clock, coordinator } = setup;
    const tasks = new Tasks(setup);
    coordinator.register({
      name: 'server',
      drain: () =>
        new Promise<void>((resolve) => clock.setTimer(() => (tasks.begin(5_000), resolve()), 2_000)),
    });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 3_000 });
  });

  it('is not asked for again once its participant has failed or was abandoned', async () => {
    const { clock, coordinator } = setUp();
    let calls = 0;
    const count = (): number => (calls += 1);
    coordinator.register({
      name: 'fails',
      inFlight: () => 1,
      drain: () => Promise.reject(new Error(`${count()}`)),
    });
    coordinator.register(
      { name: 'hangs', inFlight: () => 1, drain: () => (count(), never()) },
      { timeoutMs: 100 },
    );
    void coordinator.shutdown();
    await clock.advance(100);
    expect([coordinator.state, calls]).toEqual(['completed', 2]);
  });

  it('is asked for again although its participant has failed in another phase', async () => {
    const { clock, coordinator } = setUp();
    let drains = 0;
    coordinator.register({
      name: 'tasks',
      quiesce: () => Promise.reject(new Error('cannot')),
      drain: () => void (drains += 1),
      inFlight: () => (drains < 2 ? 1 : 0),
    });
    coordinator.register({ name: 'other', drain: () => {} });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(drains).toBe(2);
  });

  it('ends for a participant that miscounts', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'miscounts', inFlight: () => 1, drain: () => {} });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.state).toBe('completed');
  });
});
