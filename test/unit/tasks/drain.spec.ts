import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/util/deferred.js';
import { entryOf, never } from '../core/coordinator-on-manual-clock.js';
import { setUp } from './tasks-on-manual-clock.js';
import type { TaskContext, TaskInfo } from '../../../src/tasks/task-options.js';

/** Rejects when it is asked to stop. */
function untilAborted({ signal }: TaskContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

describe('a drain', () => {
  it('accepts tasks while the shutdown is announced, and awaits them', async () => {
    const { clock, coordinator, tasks } = setUp({ announceDelayMs: 1_000 });
    const work = deferred<void>();
    void coordinator.shutdown('test', { announceDelayMs: 1_000 });
    await clock.advance(500);
    void tasks.run('accepted', () => work.promise);
    await clock.advance(2_000);
    expect(coordinator.phase).toBe('drain');
    work.resolve();
    await clock.advance(0);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 2_500, cuts: [] });
  });

  it('refuses new tasks, and goes on tracking what belongs to something accepted', async () => {
    const { clock, coordinator, tasks } = setUp();
    const [request, mail] = [deferred<void>(), deferred<void>()];
    coordinator.register({ name: 'server', drain: () => request.promise });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(() => tasks.run('late', never)).toThrow('late refused');
    expect(() => tasks.every('late', 100, never)).toThrow('late refused');
    expect(tasks.participant.statistics?.()).toMatchObject({ refused: 2 });
    tasks.waitUntil(mail.promise, 'mail of a late answer');
    request.resolve();
    await clock.advance(100);
    expect(coordinator.phase).toBe('drain');
    mail.resolve();
    await clock.advance(0);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 200 });
  });

  it('refuses tasks after a shutdown that was forced before it came to quiesce', async () => {
    const { clock, coordinator, tasks } = setUp();
    void coordinator.shutdown('test', { announceDelayMs: 1_000 });
    await clock.advance(0);
    coordinator.force('test');
    await clock.advance(0);
    expect(() => tasks.run('late', never)).toThrow('late refused');
  });

  it('leaves no timer of a task behind that was cut', async () => {
    const { clock, coordinator, tasks } = setUp();
    tasks.run('export', never, { timeoutMs: 60_000 }).catch(() => {});
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'export' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('neither waits any longer for a task that was handed over, nor has its caller wait', async () => {
    const { clock, coordinator, tasks } = setUp();
    const result = tasks.run('import', never, { timeoutMs: 60_000, handOver: () => {} });
    void coordinator.shutdown();
    await clock.advance(10_000);
    await expect(result).rejects.toThrow('task import was aborted');
    expect(tasks.participant.statistics?.()).toMatchObject({ handedOver: 1, cut: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits to its end for a task, and then cuts it by name, age and progress', async () => {
    const { clock, coordinator, tasks } = setUp();
    const result = tasks.run('export', async (task) => {
      task.reportProgress(0.4);
      await untilAborted(task);
    });
    tasks.waitUntil(never(), 'mail');
    await clock.advance(300);
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 8_000 });
    expect(coordinator.report?.cuts).toEqual([
      {
        kind: 'task',
        name: 'export',
        ageMs: 8_300,
        progress: 0.4,
        phase: 'drain',
        participant: 'background tasks',
      },
      { kind: 'task', name: 'mail', ageMs: 8_300, phase: 'drain', participant: 'background tasks' },
    ]);
    await expect(result).rejects.toThrow('task export was cut: the drain is over');
    expect(tasks.participant.statistics?.()).toMatchObject({ cut: 2 });
    expect(tasks.unfinished()).toEqual([]);
  });

  it('names what is cut when it is forced while everything is announced', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('export', never);
    void coordinator.shutdown('test', { announceDelayMs: 1_000 });
    await clock.advance(500);
    coordinator.force('test');
    await clock.advance(0);
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'export', ageMs: 500 }]);
  });
});

describe('a task that is aborted at the end of a drain', () => {
  it('is asked to stop a grace before the end, and is named when it has stopped', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('poll', untilAborted, { atDrainEnd: 'abort', graceMs: 1_500 });
    void coordinator.shutdown();
    await clock.advance(6_499);
    expect(tasks.unfinished()).toHaveLength(1);
    await clock.advance(1);
    expect(coordinator.report).toMatchObject({ status: 'failed', durationMs: 6_500 });
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'poll', ageMs: 6_500 }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has finished when it resolves then: it may know a good place to stop', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('poll', (task) => untilAborted(task).catch(() => 'checkpoint'), { atDrainEnd: 'abort' });
    void coordinator.shutdown();
    await clock.advance(6_000);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 6_000, cuts: [] });
  });

  it('is cut at the end if it does not listen', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('deaf', never, { atDrainEnd: 'abort' });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'deaf', ageMs: 8_000 }]);
  });

  it('leaves no timer behind when it finishes in time', async () => {
    const { clock, coordinator, tasks } = setUp();
    const work = deferred<void>();
    void tasks.run('poll', () => work.promise, { atDrainEnd: 'abort' });
    void coordinator.shutdown();
    await clock.advance(100);
    work.resolve();
    await clock.advance(0);
    expect(coordinator.report?.status).toBe('completed');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is named by the drain even if its own timeout passes while it stops', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('deaf', never, { atDrainEnd: 'abort', timeoutMs: 5_000 });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'deaf', ageMs: 8_000 }]);
    expect(tasks.participant.statistics?.()).toMatchObject({ cut: 1, timedOut: 0 });
  });

  it('leaves at least half of the drain for finishing, however long its grace', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('patient', untilAborted, { atDrainEnd: 'abort', graceMs: 60_000 });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report?.durationMs).toBe(4_000);
  });

  it('knows at any later time that it was asked to stop', async () => {
    const { clock, coordinator, tasks } = setUp();
    let context: TaskContext | undefined;
    void tasks.run('late reader', (task) => ((context = task), never()), { atDrainEnd: 'abort' });
    void coordinator.shutdown();
    await clock.advance(7_000);
    expect(context?.signal.aborted).toBe(true);
  });
});

describe('a task that can be handed over', () => {
  it('is stopped, then handed over, and not lost', async () => {
    const { clock, coordinator, tasks } = setUp();
    const handed: TaskInfo[] = [];
    void tasks.run(
      'export',
      async (task) => {
        task.reportProgress('page 3');
        await untilAborted(task);
      },
      { key: 'orders', handOver: (task) => void handed.push(task) },
    );
    void coordinator.shutdown();
    await clock.advance(6_000);
    expect(handed).toEqual([{ name: 'export', key: 'orders', ageMs: 6_000, progress: 'page 3' }]);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 6_000, cuts: [] });
    expect(tasks.participant.statistics?.()).toMatchObject({ handedOver: 1, failed: 0, cut: 0 });
  });

  it('is handed over half a grace later if it does not stop', async () => {
    const { clock, coordinator, tasks } = setUp();
    const handedAt: number[] = [];
    void tasks.run('deaf', never, { handOver: () => void handedAt.push(clock.now()) });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(handedAt).toEqual([7_000]);
    expect(coordinator.report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is not handed over when it finishes after all', async () => {
    const { clock, coordinator, tasks } = setUp();
    const handed: TaskInfo[] = [];
    const handOver = (task: TaskInfo): void => void handed.push(task);
    void tasks.run('quick', (task) => untilAborted(task).catch(() => 'checkpoint'), { handOver });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(handed).toEqual([]);
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 6_000 });
  });

  it('is cut, and the reason logged, when handing it over fails', async () => {
    const { clock, coordinator, tasks, errors } = setUp();
    const handOver = (): never => {
      throw new Error('disk full');
    };
    void tasks.run('export', untilAborted, { handOver });
    void tasks.run('mail', untilAborted, { handOver: () => {} });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(errors).toEqual(['task export could not be handed over: disk full']);
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'export' }]);
    expect(tasks.participant.statistics?.()).toMatchObject({ handedOver: 1, cut: 1 });
  });

  it('is cut at the end of the drain when handing it over hangs', async () => {
    const { clock, coordinator, tasks } = setUp();
    void tasks.run('export', untilAborted, { handOver: never });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(coordinator.report).toMatchObject({ durationMs: 8_000, status: 'failed' });
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'export', ageMs: 8_000 }]);
    expect(entryOf(coordinator.report, 'background tasks', 'drain')?.outcome).toBe('abandoned');
  });
});
