import { describe, expect, it } from '@jest/globals';
import { ControllableShutdownCoordinator } from '../../../src/testing/controllable-shutdown-coordinator.js';

describe('ControllableShutdownCoordinator', () => {
  it('stays in drain until finish() is called, and runs registered participants', async () => {
    const coordinator = new ControllableShutdownCoordinator();
    const calls: string[] = [];
    coordinator.register({
      name: 'consumer',
      announce: () => void calls.push('announce'),
      drain: () => void calls.push('drain'),
      release: () => void calls.push('release'),
    });

    await coordinator.beginDraining();

    expect(coordinator.state).toBe('drain');
    expect(coordinator.signal.aborted).toBe(true);
    expect(calls).toEqual(['announce', 'drain']);

    const report = await coordinator.finish();

    expect(calls).toEqual(['announce', 'drain', 'release']);
    expect(report).toMatchObject({ status: 'completed', reason: { kind: 'signal', signal: 'SIGTERM' } });
    expect(coordinator.state).toBe('completed');
  });

  it('shuts down for the given reason, and fails on fail()', async () => {
    const coordinator = new ControllableShutdownCoordinator();

    await coordinator.beginDraining({ kind: 'manual', message: 'a test' });
    const report = await coordinator.fail(new Error('the queue is gone'));

    expect(report).toMatchObject({ status: 'failed', reason: { kind: 'manual', message: 'a test' } });
    expect(report.participants).toContainEqual(
      expect.objectContaining({
        name: 'the test',
        phase: 'drain',
        outcome: 'failed',
        error: 'the queue is gone',
      }),
    );
  });

  it('accepts finish() and fail() before the shutdown begins', async () => {
    expect(await new ControllableShutdownCoordinator().finish()).toMatchObject({ status: 'completed' });
    expect(await new ControllableShutdownCoordinator().fail('no')).toMatchObject({ status: 'failed' });
  });

  it('takes its time only from its clock', async () => {
    const coordinator = new ControllableShutdownCoordinator({
      gracePeriodMs: 10_000,
      releaseReserveMs: 1_000,
    });
    coordinator.register({ name: 'stuck', drain: () => new Promise(() => undefined) });

    await coordinator.beginDraining();
    const finished = coordinator.finish();
    await coordinator.clock.advance(8_999);
    expect(coordinator.state).toBe('drain');
    await coordinator.clock.advance(1);

    expect((await finished).participants).toContainEqual(
      expect.objectContaining({ name: 'stuck', outcome: 'abandoned', durationMs: 9_000 }),
    );
  });
});
