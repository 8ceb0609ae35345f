import { describe, expect, it } from '@jest/globals';
import { PHASES } from '../../../src/core/phase.js';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';
import type { PhasedCoordinator } from '../../../src/core/coordinator.js';
import type { ShutdownContext, ShutdownParticipant } from '../../../src/core/participant.js';

describe('forcing', () => {
  it.each(PHASES)('in %s names what is pending, skips the rest, and is over at once', async (phase) => {
    const { clock, coordinator, events } = setUp();
    const methods = Object.fromEntries(PHASES.map((each) => [each, each === phase ? never : () => {}]));
    coordinator.register({ name: 'stuck', ...methods }, { timeoutMs: Infinity });
    const finished = coordinator.shutdown();
    await clock.advance(40);
    coordinator.force('SIGINT again');
    expect(coordinator.state).toBe('forced');
    const report = await finished;
    expect(report).toMatchObject({ status: 'forced', forcedBy: 'SIGINT again', durationMs: 40 });
    expect(report.pending).toEqual([
      { name: 'stuck', phase, ageMs: 40, registeredAt: expect.stringContaining('force.spec.ts') },
    ]);
    expect(entryOf(report, 'stuck', phase)).toMatchObject({ outcome: 'abandoned', durationMs: 40 });
    const outcomes = PHASES.map((each) => entryOf(report, 'stuck', each)?.outcome);
    const before = PHASES.slice(0, PHASES.indexOf(phase)).map(() => 'completed');
    expect(outcomes).toEqual([...before, 'abandoned', ...Array(4 - before.length).fill('skipped')]);
    expect(report.phases.map((each) => each.phase)).toEqual(PHASES.slice(0, PHASES.indexOf(phase) + 1));
    expect(ofType(events, 'forced')).toEqual([{ type: 'forced', by: 'SIGINT again', status: 'forced' }]);
    expect(coordinator.signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells participants through their signal, and still takes their cuts into the report', async () => {
    const { clock, coordinator } = setUp();
    let code: unknown;
    coordinator.register({
      name: 'http',
      drain: ({ signal, cut }) => {
        signal.addEventListener('abort', () => {
          code = signal.reason.code;
          cut({ kind: 'request', name: 'GET /slow', ageMs: 40 });
        });
        return never();
      },
    });
    const finished = coordinator.shutdown();
    await clock.advance(40);
    coordinator.force('SIGINT again');
    const { cuts } = await finished;
    expect(code).toBe('SHUTDOWN_FORCED');
    expect(cuts.map(({ name }) => name)).toEqual(['GET /slow']);
  });

  it.each(['release', 'flush'] as const)(
    'in %s names the work that was accepted since the drain, of participants whose turn has not come',
    async (phase) => {
      const { clock, coordinator } = setUp();
      let accepted = 0;
      const lateHandlers: ShutdownParticipant = {
        name: 'late handlers',
        drain: ({ signal, cut }) => {
          signal.addEventListener('abort', () => cut({ kind: 'handler', name: 'POST /late', ageMs: 5 }));
          return accepted === 0 ? undefined : never();
        },
        inFlight: () => accepted,
      };
      coordinator.add({ participant: lateHandlers, options: {}, registeredAt: 'here', cutsAtOnce: true });
      coordinator.register({ name: 'stuck', [phase]: never }, { priority: 1 });
      const finished = coordinator.shutdown();
      await clock.advance(40);
      accepted = 1;
      coordinator.force('SIGINT again');
      const report = await finished;
      expect(report.cuts).toEqual([
        expect.objectContaining({ name: 'POST /late', participant: 'late handlers', phase }),
      ]);
      expect(entryOf(report, 'late handlers', phase)).toBeUndefined();
    },
  );

  it('in flush names no work again that was cut in release', async () => {
    const { clock, coordinator } = setUp();
    const cutOnAbort = ({ signal, cut }: ShutdownContext): Promise<void> => {
      signal.addEventListener('abort', () => cut({ kind: 'handler', name: 'POST /late', ageMs: 5 }));
      return never();
    };
    let accepted = 0;
    const lateHandlers: ShutdownParticipant = {
      name: 'late handlers',
      drain: (context) => (accepted === 0 ? undefined : cutOnAbort(context)),
      release: (context) => {
        accepted = 1;
        return cutOnAbort(context);
      },
      inFlight: () => accepted,
    };
    const options = { timeoutMs: { release: 20 } };
    coordinator.add({ participant: lateHandlers, options, registeredAt: 'here', cutsAtOnce: true });
    coordinator.register({ name: 'stuck', flush: never });
    const finished = coordinator.shutdown();
    await clock.advance(40);
    coordinator.force('SIGINT again');
    const { cuts } = await finished;
    expect(cuts.map(({ phase }) => phase)).toEqual(['release']);
  });

  it.each([
    ['force', (coordinator: PhasedCoordinator) => coordinator.force('SIGINT again')],
    ['interrupt', (coordinator: PhasedCoordinator) => coordinator.interrupt('process.exit(1)')],
  ])('%s has participants begin no more work before anything is cut', async (_how, end) => {
    const { clock, coordinator } = setUp();
    const journal: string[] = [];
    const server: ShutdownParticipant = {
      name: 'server',
      drain: ({ signal }) => {
        signal.addEventListener('abort', () => journal.push('cut'));
        return never();
      },
    };
    const onForced = (): void => void journal.push('told');
    const registration = { options: {}, registeredAt: 'here', cutsAtOnce: true };
    coordinator.add({
      ...registration,
      participant: { name: 'broken', drain: never },
      onForced: () => {
        throw new Error('not open');
      },
    });
    coordinator.add({ ...registration, participant: server, onForced });
    coordinator.observe(({ type }) => void (type === 'forced' && journal.push('observed')));
    void coordinator.shutdown();
    await clock.advance(40);
    expect(journal).toEqual([]);

    end(coordinator);

    expect(journal).toEqual(['observed', 'told', 'cut']);
  });

  it('by the deadline leaves the groups of release and the phases that have not begun', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', release: never }, { priority: 1 });
    coordinator.register({ name: 'stuck too', release: never });
    coordinator.register({ name: 'log', flush: never });
    void coordinator.shutdown();
    await clock.advance(10_000);
    expect(coordinator.report).toMatchObject({
      status: 'forced',
      forcedBy: 'deadline',
      durationMs: 10_000,
      remainingMs: 0,
    });
    expect(coordinator.report?.pending.map(({ name }) => name)).toEqual(['stuck', 'stuck too', 'log']);
  });

  it('is nothing before a shutdown, nor after it', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.force('SIGINT again');
    expect(coordinator.state).toBe('running');
    void coordinator.shutdown();
    await clock.advance(0);
    const { report } = coordinator;
    coordinator.force('SIGINT again');
    expect(coordinator.state).toBe('completed');
    expect(coordinator.report).toBe(report);
    expect(ofType(events, 'forced')).toEqual([]);
  });

  it('happens once: who comes second changes nothing', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({ name: 'stuck', drain: never });
    coordinator.observe(({ type }) => {
      if (type === 'forced') coordinator.force('an observer');
    });
    const finished = coordinator.shutdown();
    await clock.advance(0);
    coordinator.force('first');
    coordinator.force('second');
    expect((await finished).forcedBy).toBe('first');
    expect(ofType(events, 'forced')).toHaveLength(1);
  });

  it('by a participant of a phase keeps the others of that phase from beginning', async () => {
    const { clock, coordinator } = setUp();
    let calls = 0;
    coordinator.register({ name: 'next', drain: () => void (calls += 1) });
    coordinator.register({
      name: 'impatient',
      drain: () => {
        coordinator.force('impatience');
        return never();
      },
    });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(calls).toBe(0);
    expect(entryOf(coordinator.report, 'next', 'drain')?.outcome).toBe('skipped');
    expect(entryOf(coordinator.report, 'impatient', 'drain')?.outcome).toBe('abandoned');
    expect(clock.pendingTimers).toBe(0);
  });

  it('before the walk has begun skips everything', async () => {
    const { coordinator } = setUp();
    coordinator.register({ name: 'http', announce: () => {} });
    coordinator.observe(({ type }) => {
      if (type === 'terminating') coordinator.force('an observer');
    });
    const report = await coordinator.shutdown();
    expect(report).toMatchObject({ status: 'forced', phases: [], pending: [] });
    expect(report.participants.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped']);
  });

  it('leaves nothing to register for', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', drain: never });
    void coordinator.shutdown();
    await clock.advance(0);
    coordinator.force('SIGINT again');
    expect(() => coordinator.register({ name: 'late', flush: () => {} })).toThrow('is too late for flush');
  });

  it.each(['announce', 'quiesce', 'drain'] as const)(
    'in %s has those cut what is in flight who were not at it',
    async (phase) => {
      const { clock, coordinator } = setUp();
      let open = 1;
      let asked = 0;
      coordinator.register({
        name: 'http',
        inFlight: () => open,
        drain: ({ signal, cut }) => {
          signal.addEventListener('abort', () => {
            open = 0;
            cut({ kind: 'request', name: 'GET /slow', ageMs: 40 });
          });
          asked += 1;
          return phase === 'drain' && asked === 1 ? undefined : never();
        },
      });
      coordinator.register({ name: 'stuck', [phase]: never }, { timeoutMs: Infinity });
      const finished = coordinator.shutdown();
      await clock.advance(40);
      coordinator.force('SIGINT again');
      const report = await finished;
      expect(report.cuts).toMatchObject([{ name: 'GET /slow', phase: 'drain', participant: 'http' }]);
      expect(entryOf(report, 'http', 'drain')).toBeDefined();
      expect(report.participants.filter(({ outcome }) => outcome === 'skipped')).toEqual([]);
    },
  );

  it('asks nobody again who was abandoned with work in flight', async () => {
    const { clock, coordinator } = setUp();
    let drains = 0;
    coordinator.register({ name: 'tasks', inFlight: () => 1, drain: () => ((drains += 1), never()) });
    coordinator.register({ name: 'stuck', release: never }, { timeoutMs: Infinity });
    const finished = coordinator.shutdown();
    await clock.advance(9_000);
    expect(coordinator.phase).toBe('release');
    coordinator.force('SIGINT again');
    await finished;
    expect(drains).toBe(1);
  });
});
