import { describe, expect, it } from '@jest/globals';
import type { ShutdownContext, ShutdownParticipant } from '../../../src/core/participant.js';
import { LifetimeEvent, PHASES } from '../../../src/core/phase.js';
import { ofType, setUp } from './coordinator-on-manual-clock.js';

describe('phases', () => {
  it('are walked in their order, each beginning when everybody is through with the one before', async () => {
    const { clock, coordinator } = setUp();
    const log: string[] = [];
    for (const [name, ms] of [
      ['quick', 0],
      ['slow', 100],
    ] as const) {
      const participant: Record<string, unknown> = { name };
      for (const phase of PHASES) {
        participant[phase] = async () => {
          log.push(`${name} in ${phase}`);
          await new Promise<void>((resolve) => clock.setTimer(resolve, ms));
          log.push(`${name} out of ${phase}`);
        };
      }
      coordinator.register(participant as unknown as ShutdownParticipant);
    }
    void coordinator.shutdown();
    await clock.advance(500);
    expect(coordinator.state).toBe('completed');
    expect(log).toEqual(
      PHASES.flatMap((phase) => [
        `slow in ${phase}`,
        `quick in ${phase}`,
        `quick out of ${phase}`,
        `slow out of ${phase}`,
      ]),
    );
  });

  it('show in state, phase, signal and isShuttingDown', async () => {
    const { clock, coordinator } = setUp();
    const seen: unknown[] = [];
    const look = (): void =>
      void seen.push([
        coordinator.state,
        coordinator.phase,
        coordinator.isShuttingDown,
        coordinator.signal.aborted,
      ]);
    look();
    coordinator.register({
      name: 'onlooker',
      announce: look,
      quiesce: look,
      drain: look,
      release: look,
      flush: look,
    });
    void coordinator.shutdown();
    await clock.advance(0);
    look();
    expect(seen).toEqual([
      ['running', undefined, false, false],
      ['announce', 'announce', true, false],
      ['quiesce', 'quiesce', true, true],
      ['drain', 'drain', true, true],
      ['release', 'release', true, true],
      ['flush', 'flush', true, true],
      ['completed', undefined, true, true],
    ]);
  });

  it('abort the signal once, on entering quiesce, with the reason', async () => {
    const { clock, coordinator } = setUp();
    const aborts: unknown[] = [];
    coordinator.signal.addEventListener('abort', () => aborts.push(coordinator.state));
    const reason = { kind: 'signal', signal: 'SIGTERM' } as const;
    void coordinator.shutdown(reason);
    await clock.advance(0);
    expect(aborts).toEqual(['quiesce']);
    expect(coordinator.signal.reason).toMatchObject({
      name: 'ShutdownError',
      code: 'SHUTDOWN_TERMINATING',
      message: 'the application is shutting down (SIGTERM)',
      cause: reason,
    });
  });

  it('are told in pairs, with how long each took', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 70)),
    });
    void coordinator.shutdown();
    await clock.advance(70);
    const told = events.filter(({ type }) => type === 'phase-entered' || type === 'phase-left');
    expect(told).toEqual(
      PHASES.flatMap((phase) => [
        { type: 'phase-entered', phase },
        { type: 'phase-left', phase, durationMs: phase === 'drain' ? 70 : 0 },
      ]),
    );
  });

  it('tell a participant why, where, until when, and that there is no way back', async () => {
    const { clock, coordinator } = setUp();
    const contexts: ShutdownContext[] = [];
    coordinator.register({ name: 'curious', quiesce: (context) => void contexts.push(context) });
    await clock.advance(300);
    void coordinator.shutdown('why not');
    await clock.advance(0);
    const [context] = contexts;
    expect(context?.reason).toEqual({ kind: 'manual', message: 'why not' });
    expect(context?.phase).toBe('quiesce');
    expect(context?.deadline.at).toBe(10_300);
    expect(context?.signal.aborted).toBe(false);
    await expect(context?.terminating).resolves.toEqual(context?.reason);
  });

  it('run participants with their own this', async () => {
    const { clock, coordinator } = setUp();
    class Pool {
      readonly name = 'pool';
      isClosed = false;
      release(): void {
        this.isClosed = true;
      }
    }
    const pool = new Pool();
    coordinator.register(pool);
    void coordinator.shutdown();
    await clock.advance(0);
    expect(pool.isClosed).toBe(true);
  });
});

describe('lifetime events', () => {
  it('are emitted once each: PREPARE_SHUTDOWN in quiesce, SHUTDOWN in release', async () => {
    const { clock, coordinator } = setUp();
    const seen: unknown[] = [];
    for (const event of Object.values(LifetimeEvent)) {
      coordinator.onLifetimeEvent(event, 'service', () => void seen.push([event, coordinator.phase]));
    }
    void coordinator.shutdown();
    await clock.advance(0);
    expect(seen).toEqual([
      ['PREPARE_SHUTDOWN', 'quiesce'],
      ['SHUTDOWN', 'release'],
    ]);
  });

  it('come before everything else in their phase, whoever was registered first', async () => {
    const { clock, coordinator } = setUp();
    const log: string[] = [];
    const note = (text: string) => () => void log.push(text);
    coordinator.register(
      { name: 'before', quiesce: note('quiesce'), release: note('release') },
      { priority: 1_000 },
    );
    coordinator.onLifetimeEvent(LifetimeEvent.PREPARE_SHUTDOWN, 'service', note('PREPARE_SHUTDOWN'));
    coordinator.onLifetimeEvent(LifetimeEvent.SHUTDOWN, 'service', async () => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 100));
      log.push('SHUTDOWN');
    });
    coordinator.register(
      { name: 'after', quiesce: note('quiesce'), release: note('release') },
      { priority: 1_000 },
    );
    void coordinator.shutdown();
    await clock.advance(100);
    expect(log).toEqual(['PREPARE_SHUTDOWN', 'quiesce', 'quiesce', 'SHUTDOWN', 'release', 'release']);
  });

  it('are refused when there is no such event, with the names of those that there are', () => {
    const { coordinator } = setUp();
    expect(() => coordinator.onLifetimeEvent('STOP' as LifetimeEvent, 'service', () => {})).toThrow(
      /^unknown lifetime event STOP \(registered at .*phases\.spec\.ts.*\): use LifetimeEvent\.PREPARE_SHUTDOWN or LifetimeEvent\.SHUTDOWN$/,
    );
  });

  it('stop calling back when the subscription is cancelled', async () => {
    const { clock, coordinator } = setUp();
    let calls = 0;
    const cancel = coordinator.onLifetimeEvent(LifetimeEvent.SHUTDOWN, 'service', () => void (calls += 1));
    cancel();
    void coordinator.shutdown();
    await clock.advance(0);
    expect(calls).toBe(0);
  });
});

describe('release', () => {
  it('goes by priority, higher first, each waiting for the one before', async () => {
    const { clock, coordinator } = setUp({ participantTimeoutMs: 5_000 });
    const log: string[] = [];
    const closing = (name: string, ms: number): ShutdownParticipant => ({
      name,
      release: async () => {
        log.push(`${name} begins`);
        await new Promise<void>((resolve) => clock.setTimer(resolve, ms));
        log.push(`${name} ends`);
      },
    });
    coordinator.register(closing('cache', 10), { priority: 90 });
    coordinator.register(closing('anything', 10));
    coordinator.register(closing('database', 50), { priority: 100 });
    coordinator.register(closing('last', 10), { priority: -1 });
    void coordinator.shutdown();
    await clock.advance(80);
    expect(log).toEqual(
      ['database', 'cache', 'anything', 'last'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
  });

  it('runs those of one priority together, started in the reverse order of their registration', async () => {
    const { clock, coordinator } = setUp();
    const log: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      coordinator.register({
        name,
        release: () => {
          log.push(name);
          return new Promise<void>((resolve) => clock.setTimer(resolve, 100));
        },
      });
    }
    void coordinator.shutdown();
    await clock.advance(100);
    expect(log).toEqual(['third', 'second', 'first']);
    expect(coordinator.report?.durationMs).toBe(100);
  });

  it('and flush are the only phases in which one participant waits for another', async () => {
    const { clock, coordinator, events } = setUp();
    const waiting = (): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, 100));
    const everywhere = {
      announce: waiting,
      quiesce: waiting,
      drain: waiting,
      release: waiting,
      flush: waiting,
    };
    coordinator.register({ name: 'high', ...everywhere }, { priority: 1 });
    coordinator.register({ name: 'low', ...everywhere });
    void coordinator.shutdown();
    await clock.advance(700);
    expect(ofType(events, 'phase-left').map(({ phase, durationMs }) => [phase, durationMs])).toEqual([
      ['announce', 100],
      ['quiesce', 100],
      ['drain', 100],
      ['release', 200],
      ['flush', 200],
    ]);
  });
});
