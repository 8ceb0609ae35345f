import { describe, expect, it } from '@jest/globals';
import { ShutdownFailedError } from '../../../src/core/errors.js';
import { PHASES } from '../../../src/core/phase.js';
import { never, setUp } from './coordinator-on-manual-clock.js';

describe('the report', () => {
  it('tells everything about a shutdown, in times since the trigger', async () => {
    const { clock, coordinator } = setUp();
    await clock.advance(1_000);
    coordinator.register({
      name: 'jobs',
      quiesce: () => {},
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 300)),
    });
    void coordinator.shutdown('new release');
    await clock.advance(300);
    expect(coordinator.report).toEqual({
      version: 2,
      status: 'completed',
      reason: { kind: 'manual', message: 'new release' },
      startedAt: '1970-01-01T00:00:01.000Z',
      durationMs: 300,
      gracePeriodMs: 10_000,
      remainingMs: 9_700,
      releaseReserveMs: 2_000,
      phases: PHASES.map((phase) => ({
        phase,
        startedMs: PHASES.indexOf(phase) > 2 ? 300 : 0,
        durationMs: phase === 'drain' ? 300 : 0,
      })),
      participants: [
        { name: 'announce delay', phase: 'announce', outcome: 'completed', startedMs: 0, durationMs: 0 },
        { name: 'jobs', phase: 'quiesce', outcome: 'completed', startedMs: 0, durationMs: 0 },
        { name: 'jobs', phase: 'drain', outcome: 'completed', startedMs: 0, durationMs: 300 },
      ],
      cuts: [],
      pending: [],
      inFlight: [
        { atMs: 0, count: 0 },
        { atMs: 300, count: 0 },
      ],
      statistics: {},
      activeResources: {},
    });
  });

  it('is plain data, whatever was thrown', async () => {
    const { clock, coordinator } = setUp();
    const circular: { self?: unknown } = {};
    circular.self = circular;
    coordinator.register({
      name: 'broken',
      drain: () => {
        throw circular;
      },
    });
    coordinator.register({ name: 'stuck', release: never });
    void coordinator.shutdown({ kind: 'error', error: circular });
    await clock.advance(10_000);
    expect(coordinator.report?.status).toBe('forced');
    expect(JSON.parse(JSON.stringify(coordinator.report))).toEqual(coordinator.report);
  });

  it('is a failed one when work was cut, though everybody finished', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'http',
      drain: ({ cut }) => cut({ kind: 'socket', name: '10.0.0.1', ageMs: 7 }),
    });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.report?.status).toBe('failed');
    expect(coordinator.report?.cuts).toEqual([
      { kind: 'socket', name: '10.0.0.1', ageMs: 7, phase: 'drain', participant: 'http' },
    ]);
  });

  it('leaves out what happened in a drain that was undone', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({
      name: 'consumer',
      announce: ({ cut, reason }) => {
        if (reason.kind !== 'operator') return;
        cut({ kind: 'task', name: 'poll', ageMs: 1 });
        throw new Error('cannot pause');
      },
    });
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.report).toMatchObject({ status: 'completed', cuts: [], durationMs: 0 });
  });
});

describe('raiseOnError', () => {
  it('rejects after everything ran, with the report and the names of the culprits', async () => {
    const { clock, coordinator } = setUp({ raiseOnError: true });
    let released = false;
    coordinator.register({
      name: 'broken',
      quiesce: () => {
        throw new Error('broken');
      },
      drain: ({ cut }) => cut({ kind: 'request', name: 'GET /slow', ageMs: 1 }),
      release: () => void (released = true),
    });
    const finished = coordinator.shutdown().catch((error: unknown) => error);
    await clock.advance(0);
    const error = (await finished) as ShutdownFailedError;
    expect(error).toBeInstanceOf(ShutdownFailedError);
    expect(error.code).toBe('SHUTDOWN_FAILED');
    expect(error.message).toBe('shutdown failed: broken failed in quiesce, request GET /slow cut');
    expect(error.report).toBe(coordinator.report);
    expect(released).toBe(true);
    await expect(coordinator.finished).resolves.toBe(coordinator.report);
  });

  it('says who forced it', async () => {
    const { clock, coordinator } = setUp({ raiseOnError: true });
    coordinator.observe(({ type }) => {
      if (type === 'terminating') coordinator.force('an observer');
    });
    const finished = coordinator.shutdown().catch((error: unknown) => error);
    await clock.advance(0);
    expect(await finished).toMatchObject({
      message: 'shutdown forced by an observer: announce delay skipped in announce',
    });
  });

  it('is silent when nobody waits for the promise', async () => {
    const { clock, coordinator } = setUp({ raiseOnError: true });
    coordinator.register({ name: 'stuck', quiesce: never });
    void coordinator.shutdown();
    await clock.advance(500);
    // An unhandled rejection would fail this test.
    expect(coordinator.report?.status).toBe('failed');
  });

  it('resolves when the shutdown is clean', async () => {
    const { clock, coordinator } = setUp({ raiseOnError: true });
    const finished = coordinator.shutdown();
    await clock.advance(0);
    await expect(finished).resolves.toBe(coordinator.report);
  });
});
