import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/util/deferred.js';
import { never } from '../core/coordinator-on-manual-clock.js';
import { setUp } from './tasks-on-manual-clock.js';
import type { TaskOptions } from '../../../src/tasks/task-options.js';

describe('run', () => {
  it('begins at once, and gives what the task returns', async () => {
    const { tasks } = setUp();
    const begun: string[] = [];
    const result = tasks.run('sum', async () => {
      begun.push('sum');
      return 42;
    });
    expect(begun).toEqual(['sum']);
    await expect(result).resolves.toBe(42);
    await expect(tasks.run('plain', () => 'value')).resolves.toBe('value');
    expect(tasks.unfinished()).toEqual([]);
    expect(tasks.participant.statistics?.()).toMatchObject({ completed: 2, failed: 0 });
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('no paper'))],
    [
      'throws',
      () => {
        throw new Error('no paper');
      },
    ],
  ])('rejects and logs when the task %s, whoever looks at it', async (_how, work) => {
    const { clock, tasks, errors } = setUp();
    const result = tasks.run<never>('print', work);
    await clock.advance(0);
    expect(errors).toEqual(['task print failed after 0 ms: no paper']);
    await expect(result).rejects.toThrow('no paper');
    expect(tasks.participant.statistics?.()).toMatchObject({ completed: 0, failed: 1 });
  });

  it('tells what is unfinished, oldest first, with age, key and progress', async () => {
    const { clock, tasks } = setUp();
    void tasks.run('export', ({ reportProgress }) => (reportProgress('3 of 7 files'), never()), {
      key: 'e1',
    });
    await clock.advance(100);
    void tasks.run('import', never);
    await clock.advance(20);
    expect(tasks.unfinished()).toEqual([
      { name: 'export', key: 'e1', ageMs: 120, progress: '3 of 7 files' },
      { name: 'import', ageMs: 20 },
    ]);
    expect(tasks.participant.inFlight?.()).toBe(2);
  });

  it.each([
    ['', {}, /a task needs a name, got ""/],
    ['export', { key: ' ' }, /has the key " "/],
    ['export', { timeoutMs: Number.NaN }, /has timeoutMs NaN: use milliseconds/],
    ['export', { graceMs: -1 }, /has graceMs -1: use milliseconds/],
    ['export', { atDrainEnd: 'wait', handOver: () => {} }, /would never be handed over/],
  ] satisfies [string, TaskOptions, RegExp][])('refuses the name %j with %j', (name, options, message) => {
    const { tasks } = setUp();
    const begin = (): unknown => tasks.run(name, never, options);
    expect(begin).toThrow(message);
    expect(begin).toThrow(/run\.spec/);
    expect(tasks.unfinished()).toEqual([]);
  });

  it('refuses the key of a task while that is unfinished', async () => {
    const { clock, tasks } = setUp();
    const first = deferred<void>();
    void tasks.run('export', () => first.promise, { key: 'orders' });
    expect(() => tasks.run('again', never, { key: 'orders' })).toThrow(
      /task again has the same key orders as the unfinished task export \(run at .*run\.spec/,
    );
    first.resolve();
    await clock.advance(0);
    void tasks.run('again', never, { key: 'orders' });
    expect(tasks.unfinished()).toMatchObject([{ name: 'again', key: 'orders' }]);
  });
});

describe("a task's timeout", () => {
  it('aborts its signal; what stops in time rejects with its own error', async () => {
    const { clock, tasks, errors } = setUp();
    const result = tasks.run(
      'slow',
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      { timeoutMs: 300 },
    );
    await clock.advance(299);
    expect(tasks.unfinished()).toHaveLength(1);
    await clock.advance(1);
    await expect(result).rejects.toThrow('task slow exceeded its timeoutMs of 300 ms');
    expect(tasks.participant.statistics?.()).toMatchObject({ timedOut: 1, failed: 0 });
    expect(errors).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives up, after a grace, what does not stop', async () => {
    const { clock, tasks, errors } = setUp();
    const result = tasks.run('deaf', never, { timeoutMs: 300, graceMs: 50 });
    await clock.advance(349);
    expect(tasks.unfinished()).toHaveLength(1);
    await clock.advance(1);
    await expect(result).rejects.toMatchObject({ code: 'SHUTDOWN_TIMED_OUT' });
    expect(tasks.unfinished()).toEqual([]);
    expect(errors).toEqual([expect.stringContaining('and did not stop; no longer waiting')]);
  });

  it('leaves no timer behind when the task is done in time', async () => {
    const { clock, tasks } = setUp();
    await tasks.run('quick', async () => {}, { timeoutMs: 300 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('work that has begun already', () => {
  it('is tracked until its promise settles', async () => {
    const { clock, tasks } = setUp();
    const mail = deferred<string>();
    expect(tasks.trackTask(mail.promise, 'mail')).toBe(mail.promise);
    expect(tasks.unfinished()).toMatchObject([{ name: 'mail' }]);
    mail.resolve('sent');
    await clock.advance(0);
    expect(tasks.unfinished()).toEqual([]);
  });

  it('has the name of the place that tracks it, where it is given none', () => {
    const { tasks } = setUp();
    void tasks.trackTask(never());
    tasks.waitUntil(never());
    for (const { name } of tasks.unfinished()) expect(name).toMatch(/run\.spec/);
  });

  it('fails in the log, and not as an unhandled rejection', async () => {
    const { clock, tasks, errors } = setUp();
    tasks.waitUntil(Promise.reject(new Error('no paper')), 'print');
    await clock.advance(0);
    expect(errors).toEqual(['task print failed after 0 ms: no paper']);
  });

  it.each(['trackTask', 'waitUntil'] as const)('has to be a promise with a name: %s', (method) => {
    const { tasks } = setUp();
    expect(() => tasks[method]((() => never()) as unknown as Promise<never>)).toThrow(
      /only a promise can be tracked, got function: call the function, or pass it to run\(\) \(at .*run\.spec/,
    );
    expect(() => tasks[method](never(), '')).toThrow(/a task needs a name, got "".*run\.spec/);
  });
});

describe('a call that is tracked', () => {
  it('gives what the function returns, and is unfinished while that is pending', async () => {
    const { tasks } = setUp();
    const work = deferred<string>();
    expect(tasks.trackCall('plain', () => 42)).toBe(42);
    const result = tasks.trackCall('slow', () => work.promise);
    expect(tasks.unfinished()).toMatchObject([{ name: 'slow' }]);
    work.resolve('done');
    await expect(result).resolves.toBe('done');
    expect(tasks.unfinished()).toEqual([]);
  });

  it("leaves errors to the caller's care, unlogged", async () => {
    const { tasks, errors } = setUp();
    const fail = (): never => {
      throw new Error('no paper');
    };
    expect(() => tasks.trackCall('plain', fail)).toThrow('no paper');
    await expect(tasks.trackCall('slow', async () => fail())).rejects.toThrow('no paper');
    expect(errors).toEqual([]);
    expect(tasks.unfinished()).toEqual([]);
  });
});
