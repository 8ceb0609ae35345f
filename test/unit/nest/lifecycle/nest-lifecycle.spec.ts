import { describe, expect, it } from '@jest/globals';
import { PhasedCoordinator } from '../../../../src/core/coordinator.js';
import { LifecycleMachine } from '../../../../src/nest/lifecycle/lifecycle-transitions.js';
import { NestLifecycle } from '../../../../src/nest/lifecycle/nest-lifecycle.js';
import { deferred } from '../../../../src/util/deferred.js';
import { strictProbes } from '../../../support/strict-probes.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import type { ModulesContainer } from '@nestjs/core';
import type {
  LifecycleState,
  LifecycleTrigger,
} from '../../../../src/nest/lifecycle/lifecycle-transitions.js';
import type { Deferred } from '../../../../src/util/deferred.js';

const STATES: readonly LifecycleState[] = [
  'created',
  'booting',
  'running',
  'failed',
  'gated',
  'tearingDown',
  'ended',
];

/** Where each trigger leads from each state, in the order of the states; a dash where it is impossible. */
const LEADS_TO: Readonly<Record<LifecycleTrigger, string>> = {
  init: 'booting booting running booting - - -',
  bootstrapped: '- running running running gated tearingDown ended',
  bootstrapFailed: 'failed failed running failed gated tearingDown ended',
  ownerClose: 'gated gated gated gated gated tearingDown ended',
  teardown: 'gated gated gated gated gated tearingDown ended',
  pass: '- - - - gated tearingDown ended',
  release: 'tearingDown tearingDown tearingDown tearingDown tearingDown - ended',
  end: '- - - - ended ended ended',
  giveUp: '- - ended - - ended ended',
};

const PATHS: Readonly<Record<LifecycleState, readonly LifecycleTrigger[]>> = {
  created: [],
  booting: ['init'],
  running: ['init', 'bootstrapped'],
  failed: ['init', 'bootstrapFailed'],
  gated: ['init', 'bootstrapped', 'teardown'],
  tearingDown: ['init', 'bootstrapped', 'teardown', 'release'],
  ended: ['init', 'bootstrapped', 'teardown', 'release', 'end'],
};

const CASES = Object.entries(LEADS_TO).flatMap(([trigger, row]) =>
  row.split(' ').map((next, index) => ({
    trigger: trigger as LifecycleTrigger,
    state: STATES[index] as LifecycleState,
    next,
  })),
);

describe('the life of an application', () => {
  it.each(CASES.filter(({ next }) => next !== '-'))(
    'goes from $state to $next on $trigger',
    ({ state, trigger, next }) => {
      const impossible: string[] = [];
      const machine = new LifecycleMachine((what) => impossible.push(what));
      for (const step of PATHS[state]) machine.pull(step);
      expect(machine.state).toBe(state);

      machine.pull(trigger);

      expect(machine.state).toBe(next);
      expect(machine.hasSeen(trigger)).toBe(true);
      expect(impossible).toEqual([]);
    },
  );

  it.each(CASES.filter(({ next }) => next === '-'))(
    'stays in $state on $trigger, which is impossible there, and says so',
    ({ state, trigger }) => {
      const impossible: string[] = [];
      const machine = new LifecycleMachine((what) => impossible.push(what));
      for (const step of PATHS[state]) machine.pull(step);
      const hadSeen = machine.hasSeen(trigger);

      machine.pull(trigger);

      expect(machine.state).toBe(state);
      expect(machine.hasSeen(trigger)).toBe(hadSeen);
      expect(impossible).toEqual([expect.stringContaining(`is unexpected in the state ${state}`)]);
    },
  );
});

/** A lifecycle without providers, on a clock that is moved by hand. */
class Story {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly calls: string[] = [];
  readonly drain: Deferred<void> = deferred();
  readonly coordinator: PhasedCoordinator;
  readonly lifecycle: NestLifecycle;

  constructor({
    hooks = 'drain-first',
    isOwned = false,
  }: {
    hooks?: 'drain-first' | 'native';
    isOwned?: boolean;
  }) {
    const logger = {
      log: (message: unknown): void => void this.lines.push(String(message)),
      warn: (message: unknown): void => void this.lines.push(String(message)),
      error: (message: unknown): void => void this.lines.push(String(message)),
    };
    const options = {
      gracePeriodMs: 8_000,
      announceDelayMs: 0,
      quietPeriodMs: 0,
      announceMaxMs: 0,
      releaseReserveMs: 1_600,
      drainTimeoutMs: Infinity,
      participantTimeoutMs: 5_000,
      forceAfterTimeout: true,
      raiseOnError: false,
    };
    this.coordinator = new PhasedCoordinator(options, this.clock);
    this.lifecycle = new NestLifecycle({
      coordinator: this.coordinator,
      options: { hooks, gracePeriodMs: 8_000, participantTimeoutMs: 5_000 },
      modules: new Map() as unknown as ModulesContainer,
      clock: this.clock,
      probes: strictProbes(),
      logger,
    });
    this.lifecycle.attach({
      over: this.coordinator.finished.then(() => undefined),
      prepare: () => void this.calls.push('prepare'),
      onBooting: async () => void this.calls.push('booting'),
      onBootstrapped: async () => void this.calls.push('bootstrapped'),
      replaces: () => false,
    });
    this.coordinator.register({ name: 'work', drain: () => this.drain.promise });
    if (isOwned) this.lifecycle.own((signal) => this.lifecycle.close(this.closeNest, signal));
  }

  /** What Nest does in close(), as far as its hooks are concerned. */
  readonly closeNest = async (): Promise<void> => {
    this.calls.push('closeNest');
    await this.lifecycle.onFirstDestroy();
    this.calls.push('destroyed');
    await this.lifecycle.onLastBeforeShutdown();
    await this.lifecycle.onLastShutdown();
  };

  async boot(): Promise<this> {
    await this.lifecycle.onFirstInit();
    await this.lifecycle.onLastBootstrap();
    return this;
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }
}

describe('NestLifecycle', () => {
  it.each([
    { closer: 'its owner', isOwned: true },
    { closer: 'somebody else', isOwned: false },
  ])('holds back a close by $closer until everything is drained', async ({ isOwned }) => {
    const story = await new Story({ isOwned }).boot();
    const { lifecycle } = story;

    const closed = isOwned ? lifecycle.close(story.closeNest) : story.closeNest();
    await story.settle();
    expect(lifecycle.state).toBe('gated');
    expect(story.calls).not.toContain('destroyed');

    story.drain.resolve();
    await story.settle();
    await closed;

    expect(lifecycle.state).toBe('ended');
    expect(story.calls).toEqual(['prepare', 'booting', 'bootstrapped', 'closeNest', 'destroyed']);
    expect(story.coordinator.report).toMatchObject({ status: 'completed', reason: { kind: 'close' } });
    expect(story.lines).toEqual([]);
  });

  it('closes an application that was handed over, on a signal', async () => {
    const story = await new Story({ isOwned: true }).boot();

    void story.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await story.settle();
    expect(story.lifecycle.state).toBe('running');

    story.drain.resolve();
    await story.settle();

    expect(story.lifecycle.state).toBe('ended');
    expect(story.calls).toContain('destroyed');
    expect(story.coordinator.report).toMatchObject({ status: 'completed' });
  });

  it('does without Nest where nobody closes the application', async () => {
    const story = await new Story({}).boot();

    void story.coordinator.shutdown();
    story.drain.resolve();
    await story.settle();

    expect(story.lifecycle.state).toBe('ended');
    expect(story.calls).not.toContain('closeNest');
    expect(story.coordinator.report).toMatchObject({ status: 'completed' });
  });

  it('lets one of several teardowns pass, and holds the others until the end', async () => {
    const story = await new Story({}).boot();
    const second: string[] = [];

    const first = story.closeNest();
    void story.lifecycle.onFirstDestroy().then(() => second.push('passed'));
    story.drain.resolve();
    await story.settle();
    expect(story.coordinator.report).toBeDefined();
    await first;
    await story.settle();

    expect(story.calls.filter((call) => call === 'destroyed')).toHaveLength(1);
    expect(second).toEqual(['passed']);
  });

  it('joins a second close() of its owner', async () => {
    const story = await new Story({ isOwned: true }).boot();

    const both = [story.lifecycle.close(story.closeNest), story.lifecycle.close(story.closeNest)];
    story.drain.resolve();
    await story.settle();
    await Promise.all(both);

    expect(story.calls.filter((call) => call === 'closeNest')).toHaveLength(1);
  });

  it('waits for a bootstrap that a signal has come into, and for none that has failed', async () => {
    const booting = new Story({ isOwned: true });
    await booting.lifecycle.onFirstInit();
    void booting.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await booting.settle();
    expect([booting.lifecycle.state, booting.coordinator.state]).toEqual(['booting', 'announce']);

    booting.lifecycle.onBootstrapFailed();
    booting.drain.resolve();
    await booting.settle();

    expect(booting.coordinator.report).toMatchObject({ status: 'completed' });
    // Its hooks are left alone, as those of any application that has not started.
    expect(booting.calls).toEqual(['prepare', 'booting']);
  });

  it('waits no longer than half of the grace period for a bootstrap that hangs', async () => {
    const story = new Story({ isOwned: true });
    await story.lifecycle.onFirstInit();
    void story.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    story.drain.resolve();
    await story.clock.advance(3_999);
    expect(story.coordinator.state).toBe('announce');

    await story.clock.advance(1);

    expect(story.coordinator.report).toMatchObject({ status: 'failed', durationMs: 4_000 });
    expect(story.coordinator.report?.participants).toContainEqual(
      expect.objectContaining({
        name: 'nest',
        phase: 'announce',
        error: expect.stringContaining('the bootstrap did not end within 4000 ms of the signal'),
      }),
    );
  });

  it('is closed by its owner without a bootstrap', async () => {
    const story = new Story({ isOwned: true });

    const closed = story.lifecycle.close(story.closeNest);
    story.drain.resolve();
    await story.settle();
    await closed;

    expect(story.lifecycle.state).toBe('ended');
    expect(story.calls).toEqual(['prepare', 'closeNest', 'destroyed']);
  });

  it('can be closed by its owner when the bootstrap has failed', async () => {
    const story = new Story({ isOwned: true });
    story.lifecycle.onBootstrapFailed();
    expect(story.lifecycle.state).toBe('failed');

    const closed = story.lifecycle.close(story.closeNest);
    story.drain.resolve();
    await story.settle();
    await closed;

    expect(story.lifecycle.state).toBe('ended');
    expect(story.calls).toEqual(['prepare', 'closeNest', 'destroyed']);
  });

  it('ends at the deadline where Nest hangs, and says so', async () => {
    const story = await new Story({ isOwned: true }).boot();

    const closed = story.lifecycle.close(() => new Promise(() => {}));
    story.drain.resolve();
    await story.settle();
    expect(story.lifecycle.state).toBe('tearingDown');
    await story.clock.advance(8_000);
    await closed;

    expect(story.lifecycle.state).toBe('ended');
    expect(story.coordinator.report).toMatchObject({
      status: 'forced',
      forcedBy: 'deadline',
      pending: [{ name: 'nest', phase: 'release' }],
    });
  });

  it('keeps the order of Nest where that is asked for: the gate is its last beforeApplicationShutdown', async () => {
    const story = await new Story({ hooks: 'native' }).boot();

    const closed = story.closeNest();
    await story.settle();
    expect(story.calls).toContain('destroyed');
    expect(story.lifecycle.state).toBe('gated');

    story.drain.resolve();
    await story.settle();
    await closed;
    expect(story.lifecycle.state).toBe('ended');
  });

  it('rejects close() as Nest does, after the shutdown', async () => {
    const story = await new Story({ isOwned: true }).boot();

    const closed = story.lifecycle.close(() => Promise.reject(new Error('no')));
    const thrown = closed.catch((error: unknown) => error);
    story.drain.resolve();
    await story.settle();

    expect(await thrown).toMatchObject({ message: 'no' });
    expect(story.coordinator.report).toMatchObject({ status: 'failed' });
  });
});
