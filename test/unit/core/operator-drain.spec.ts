import { AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { ShutdownParticipant } from '../../../src/core/participant.js';
import type { Setup } from './coordinator-on-manual-clock.js';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';

/** Registers a consumer that notes its calls, and takes `resumeMs` to resume. */
function registerConsumer({ clock, coordinator }: Setup, resumeMs = 0): string[] {
  const log: string[] = [];
  const consumer: ShutdownParticipant = {
    name: 'consumer',
    announce: () => void log.push('announce'),
    quiesce: () => void log.push('quiesce'),
    resume: async () => {
      log.push('resume');
      await new Promise<void>((resolve) => clock.setTimer(resolve, resumeMs));
      log.push('resumed');
    },
  };
  coordinator.register(consumer);
  return log;
}

describe("an operator's drain", () => {
  it('announces and stays there, without a deadline, for as long as the operator likes', async () => {
    const setup = setUp();
    const { clock, coordinator, events } = setup;
    const log = registerConsumer(setup);
    expect(coordinator.announce('maintenance')).toBe(true);
    expect(coordinator.state).toBe('announce');
    await clock.advance(24 * 60 * 60 * 1_000);
    expect(coordinator.state).toBe('announce');
    expect(coordinator.signal.aborted).toBe(false);
    expect(log).toEqual(['announce']);
    expect(events[0]).toEqual({ type: 'announced', reason: { kind: 'operator', message: 'maintenance' } });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is begun once', () => {
    const { coordinator, events } = setUp();
    expect(coordinator.announce()).toBe(true);
    expect(coordinator.announce()).toBe(false);
    expect(ofType(events, 'announced')).toHaveLength(1);
  });

  it('is not begun while a shutdown announces, and refused from quiesce on', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', quiesce: never });
    void coordinator.shutdown('final', { announceDelayMs: 1_000 });
    expect(coordinator.announce()).toBe(false);
    await clock.advance(1_000);
    expect(() => coordinator.announce()).toThrow(
      expect.objectContaining({
        code: 'SHUTDOWN_TERMINATING',
        message: 'cannot announce: the shutdown has reached quiesce',
      }),
    );
    await clock.advance(10_000);
    expect(() => coordinator.announce()).toThrow('cannot announce: the shutdown has reached completed');
  });

  it('ends in a shutdown with the reason of its trigger, the whole grace period, and one walk', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const log = registerConsumer(setup);
    coordinator.announce('maintenance');
    await clock.advance(60_000);
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(0);
    expect(log).toEqual(['announce', 'quiesce']);
    expect(coordinator.report).toMatchObject({
      status: 'completed',
      reason: { kind: 'signal', signal: 'SIGTERM' },
      startedAt: '1970-01-01T00:00:00.000Z',
      durationMs: 60_000,
      gracePeriodMs: 10_000,
      remainingMs: 10_000,
    });
  });

  it('gives participants a deadline and a reason that follow what becomes of it', async () => {
    const { clock, coordinator } = setUp();
    const seen: unknown[] = [];
    coordinator.register(
      {
        name: 'watcher',
        async announce(context) {
          seen.push(context.deadline.remainingMs, context.reason.kind);
          seen.push(await context.terminating, context.deadline.remainingMs, context.reason.kind);
        },
      },
      { timeoutMs: Infinity },
    );
    coordinator.announce();
    await clock.advance(1_000);
    expect(seen).toEqual([Infinity, 'operator']);
    void coordinator.shutdown('now');
    await clock.advance(0);
    expect(seen.slice(2)).toEqual([{ kind: 'manual', message: 'now' }, 10_000, 'manual']);
  });

  it('cannot be forced: nothing of it is final', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.announce();
    coordinator.force('SIGINT again');
    await clock.advance(0);
    expect(coordinator.state).toBe('announce');
    expect(ofType(events, 'forced')).toEqual([]);
  });
});

describe('resuming', () => {
  it('brings readiness back at once, and settles when everybody has resumed', async () => {
    const setup = setUp();
    const { clock, coordinator, events } = setup;
    const log = registerConsumer(setup, 100);
    coordinator.announce();
    await clock.advance(1_000);
    let isSettled = false;
    void coordinator.resume().then(() => (isSettled = true));
    expect([coordinator.state, coordinator.isShuttingDown]).toEqual(['running', false]);
    expect(log).toEqual(['announce', 'resume']);
    await clock.advance(99);
    expect(isSettled).toBe(false);
    await clock.advance(1);
    expect(isSettled).toBe(true);
    expect(events.map(({ type }) => type)).not.toContain('finished');
    expect(coordinator.report).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends announcements that are still going on, and calls that neither a failure nor a timeout', async () => {
    const { clock, coordinator, events } = setUp();
    let reason: unknown;
    coordinator.register({
      name: 'consumer',
      announce: ({ signal }) => {
        signal.addEventListener('abort', () => (reason = signal.reason));
        return never();
      },
    });
    coordinator.announce();
    await clock.advance(100);
    await coordinator.resume();
    expect(reason).toMatchObject({
      code: 'SHUTDOWN_RESUMED',
      message: 'consumer was abandoned in announce after 100 ms: the announcement was undone',
    });
    expect(ofType(events, 'participant-settled').map(({ name, outcome }) => [name, outcome])).toEqual([
      ['consumer', 'skipped'],
      ['announce delay', 'skipped'],
    ]);
    expect(events.map(({ type }) => type).slice(-2)).toEqual(['phase-left', 'resumed']);
  });

  it('bounds and isolates those who fail or hang', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({ name: 'stuck', announce: () => {}, resume: never });
    coordinator.register({
      name: 'broken',
      announce: () => {},
      resume: () => {
        throw new Error('cannot');
      },
    });
    coordinator.announce();
    await clock.advance(0);
    const resuming = coordinator.resume();
    await clock.advance(500);
    await resuming;
    const told = ofType(events, 'participant-settled').filter(({ phase }) => phase === 'resume');
    expect(told.map(({ name, outcome, durationMs }) => [name, outcome, durationMs])).toEqual([
      ['broken', 'failed', 0],
      ['stuck', 'abandoned', 500],
    ]);
  });

  it('is refused when nothing drains, and when a shutdown is under way or over', async () => {
    const { clock, coordinator } = setUp();
    expect(() => coordinator.resume()).toThrow(
      expect.objectContaining({
        code: 'SHUTDOWN_NOT_ANNOUNCING',
        message: 'cannot resume: nothing was announced',
      }),
    );
    coordinator.announce();
    void coordinator.shutdown('final', { announceDelayMs: 100 });
    const terminating = expect.objectContaining({
      code: 'SHUTDOWN_TERMINATING',
      message: 'cannot resume: a shutdown (manual) is in progress, and only an announcement can be undone',
    });
    expect(() => coordinator.resume()).toThrow(terminating);
    await clock.advance(100);
    expect(coordinator.state).toBe('completed');
    expect(() => coordinator.resume()).toThrow(terminating);
  });

  it('leaves a new cycle to drain again, in which everything runs again', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const log = registerConsumer(setup);
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    await clock.advance(0);
    expect(coordinator.announce()).toBe(true);
    await clock.advance(0);
    void coordinator.resume();
    await clock.advance(0);
    void coordinator.shutdown();
    await clock.advance(0);
    const round = ['announce', 'resume', 'resumed'];
    expect(log).toEqual([...round, ...round, 'announce', 'quiesce']);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is finished before anybody announces again, though readiness is gone at once', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const log = registerConsumer(setup, 100);
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    void coordinator.shutdown();
    expect(coordinator.state).toBe('announce');
    await clock.advance(99);
    expect(log).toEqual(['announce', 'resume']);
    await clock.advance(1);
    expect(log).toEqual(['announce', 'resume', 'resumed', 'announce', 'quiesce']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves one deadline to be watched, when a drain that waited for it becomes a shutdown', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    registerConsumer(setup, 100);
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    coordinator.announce();
    await clock.advance(100);
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.state).toBe('completed');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not hold up a shutdown past its deadline, nor a forced one', async () => {
    for (const end of ['deadline', 'force'] as const) {
      const { clock, coordinator } = setUp({ participantTimeoutMs: 60_000 });
      coordinator.register({ name: 'stuck', announce: () => {}, resume: never, release: () => {} });
      coordinator.announce();
      await clock.advance(0);
      void coordinator.resume();
      void coordinator.shutdown();
      if (end === 'force') coordinator.force('SIGINT again');
      await clock.advance(8_000);
      expect(coordinator.report?.durationMs).toBe(end === 'force' ? 0 : 8_000);
      expect(entryOf(coordinator.report, 'stuck', 'release')?.outcome).toBe(
        end === 'force' ? 'skipped' : 'completed',
      );
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it('keeps the deadline watched for those who announce after the wait', async () => {
    const { clock, coordinator } = setUp({ participantTimeoutMs: 60_000 });
    coordinator.register({ name: 'stuck', announce: never, resume: never });
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report?.durationMs).toBe(8_000);
  });

  it('waits for all, even when one asks for a shutdown while it resumes', async () => {
    const { clock, coordinator, events } = setUp();
    const log: string[] = [];
    const note = (text: string) => () => void log.push(text);
    coordinator.register({ name: 'last', announce: note('last announces'), resume: note('last resumes') });
    coordinator.register({
      name: 'first',
      announce: note('first announces'),
      resume: () => {
        log.push('first resumes');
        void coordinator.shutdown('on second thoughts');
      },
    });
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    await clock.advance(0);
    const announced = ['first announces', 'last announces'];
    expect(log).toEqual([...announced, 'first resumes', 'last resumes', ...announced]);
    expect(ofType(events, 'self-wait')).toEqual([{ type: 'self-wait', name: 'first' }]);
    expect(coordinator.state).toBe('completed');
  });

  it('ends for those who are still to come when the shutdown that follows is forced', async () => {
    const { clock, coordinator } = setUp();
    let calls = 0;
    coordinator.register({ name: 'last', announce: () => {}, resume: () => void (calls += 1) });
    coordinator.register({
      name: 'first',
      announce: () => {},
      resume: () => {
        void coordinator.shutdown();
        coordinator.force('impatience');
      },
    });
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    await clock.advance(0);
    expect(calls).toBe(0);
    expect(coordinator.state).toBe('forced');
  });

  it('does not concern those who did not come to announce', async () => {
    const { clock, coordinator } = setUp();
    const log: string[] = [];
    const note = (text: string) => () => void log.push(text);
    coordinator.register({ name: 'never asked', announce: note('announce'), resume: note('resume') });
    coordinator.register({ name: 'hasty', announce: () => void coordinator.resume() });
    coordinator.announce();
    await clock.advance(0);
    expect(log).toEqual([]);
    expect(coordinator.state).toBe('running');
  });

  it('concerns those who had nothing to announce', async () => {
    const { clock, coordinator } = setUp();
    const phases: string[] = [];
    coordinator.register({ name: 'onlooker', resume: ({ phase }) => void phases.push(phase) });
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    expect(phases).toEqual(['announce']);
  });

  it('lets the next announcement begin in the tick of its trigger, once everybody has resumed', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const log = registerConsumer(setup, 100);
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    await clock.advance(100);
    coordinator.announce();
    expect(log).toEqual(['announce', 'resume', 'resumed', 'announce']);
  });

  it('does not blur who waits for itself in the shutdown that follows', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'ouroboros',
      announce: async ({ reason }) => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 50));
        if (reason.kind !== 'operator') await coordinator.shutdown('again');
      },
      resume: () => new Promise((resolve) => clock.setTimer(resolve, 100)),
    });
    coordinator.announce();
    await clock.advance(50);
    void coordinator.resume();
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(ofType(events, 'self-wait')).toEqual([{ type: 'self-wait', name: 'ouroboros' }]);
  });

  it('of a drain that still waits for the last resume has nothing to undo', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const log = registerConsumer(setup, 100);
    coordinator.announce();
    await clock.advance(0);
    void coordinator.resume();
    coordinator.announce();
    let isSettled = false;
    void coordinator.resume().then(() => (isSettled = true));
    await clock.advance(99);
    expect(isSettled).toBe(false);
    await clock.advance(1);
    expect(isSettled).toBe(true);
    expect(log).toEqual(['announce', 'resume', 'resumed']);
    expect(coordinator.state).toBe('running');
  });
});

describe('contexts', () => {
  /** What an asynchronous operation that begins now has to carry. */
  const burden = (): number => Object.getOwnPropertySymbols(new AsyncResource('probe')).length;

  it('are followed only as long as a shutdown goes', async () => {
    const before = burden();
    const setup = setUp();
    registerConsumer(setup);
    setup.coordinator.announce();
    await setup.clock.advance(0);
    void setup.coordinator.resume();
    await setup.clock.advance(0);
    expect(burden()).toBe(before);
    void setup.coordinator.shutdown();
    await setup.clock.advance(0);
    expect(setup.coordinator.state).toBe('completed');
    expect(burden()).toBe(before);
  });
});
