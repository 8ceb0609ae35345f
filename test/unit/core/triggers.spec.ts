import { describe, expect, it } from '@jest/globals';
import { never, ofType, setUp } from './coordinator-on-manual-clock.js';

describe('triggers', () => {
  it('gives every trigger the same promise of the same report', async () => {
    const { clock, coordinator } = setUp();
    let fromInside: Promise<unknown> | undefined;
    coordinator.register({
      name: 'jobs',
      drain: () => {
        fromInside = coordinator.shutdown('from inside');
        return new Promise((resolve) => clock.setTimer(resolve, 100));
      },
    });
    const first = coordinator.shutdown('first');
    const second = coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(100);
    const afterTheEnd = coordinator.shutdown('late');
    expect([second, fromInside, afterTheEnd].every((promise) => promise === first)).toBe(true);
    await expect(first).resolves.toBe(coordinator.report);
    await expect(coordinator.finished).resolves.toBe(coordinator.report);
    expect(coordinator.report?.reason).toEqual({ kind: 'manual', message: 'first' });
  });

  it('walks once, however often it is triggered', async () => {
    const { clock, coordinator, events } = setUp();
    let calls = 0;
    coordinator.register({ name: 'jobs', quiesce: () => void (calls += 1) });
    void coordinator.shutdown('first');
    void coordinator.shutdown('second');
    await clock.advance(0);
    void coordinator.shutdown('third');
    await clock.advance(0);
    expect(calls).toBe(1);
    expect(ofType(events, 'terminating')).toHaveLength(1);
    expect(ofType(events, 'joined').map(({ reason }) => reason.message)).toEqual(['second', 'third']);
    expect(ofType(events, 'finished')).toHaveLength(1);
  });

  it('is one shutdown even for an observer that triggers another at the first event', async () => {
    const { clock, coordinator, events } = setUp();
    let calls = 0;
    coordinator.register({ name: 'jobs', quiesce: () => void (calls += 1) });
    coordinator.observe((event) => {
      if (event.type === 'terminating') void coordinator.shutdown('again');
    });
    void coordinator.shutdown('first');
    await clock.advance(0);
    expect(calls).toBe(1);
    expect(ofType(events, 'terminating')).toHaveLength(1);
    expect(coordinator.report?.reason.message).toBe('first');
  });

  it('has left readiness behind in the tick of the trigger, before anybody hears of it', () => {
    const { coordinator } = setUp();
    const seen: unknown[] = [];
    coordinator.observe(({ type }) => seen.push([type, coordinator.isShuttingDown, coordinator.state]));
    void coordinator.shutdown();
    expect(seen[0]).toEqual(['terminating', true, 'announce']);
  });

  it('begins to announce in the tick of the trigger', () => {
    const { coordinator } = setUp();
    let announced = false;
    coordinator.register({ name: 'consumer', announce: () => void (announced = true) });
    void coordinator.shutdown();
    expect(announced).toBe(true);
  });

  it('takes a reason as a message, in full, or not at all', async () => {
    for (const [given, reported] of [
      [undefined, { kind: 'manual' }],
      ['new release', { kind: 'manual', message: 'new release' }],
      [
        { kind: 'signal', signal: 'SIGTERM' },
        { kind: 'signal', signal: 'SIGTERM' },
      ],
      [
        { kind: 'error', error: new TypeError('broken') },
        { kind: 'error', message: 'broken' },
      ],
    ] as const) {
      const { clock, coordinator } = setUp();
      void coordinator.shutdown(given);
      await clock.advance(0);
      expect(coordinator.report?.reason).toEqual(reported);
    }
  });

  it('exits the process as soon as one trigger asks for it', () => {
    const { coordinator } = setUp();
    coordinator.register({ name: 'jobs', drain: never });
    void coordinator.shutdown('no exit');
    expect(coordinator.exitRequested).toBe(false);
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' }, { exit: true });
    void coordinator.shutdown('no exit either');
    expect(coordinator.exitRequested).toBe(true);
  });

  it('knows its final reason only once there is no way back', async () => {
    const { coordinator } = setUp();
    expect(coordinator.terminatingReason).toBeUndefined();
    coordinator.announce();
    expect(coordinator.terminatingReason).toBeUndefined();
    void coordinator.shutdown('now');
    expect(coordinator.terminatingReason).toEqual({ kind: 'manual', message: 'now' });
  });

  it('warns of a participant that asks for the shutdown it takes part in, and ends all the same', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.register({
      name: 'ouroboros',
      quiesce: async () => void (await coordinator.shutdown('again')),
    });
    void coordinator.shutdown();
    await clock.advance(500);
    expect(ofType(events, 'self-wait')).toEqual([{ type: 'self-wait', name: 'ouroboros' }]);
    expect(coordinator.report?.participants).toContainEqual(
      expect.objectContaining({ name: 'ouroboros', outcome: 'abandoned', durationMs: 500 }),
    );
  });

  it('does not take for a self-wait what a participant has left running', async () => {
    const { clock, coordinator, events } = setUp();
    let arrive!: () => void;
    const request = new Promise<void>((resolve) => (arrive = resolve));
    coordinator.register({
      name: 'server',
      quiesce: () => void request.then(() => void coordinator.shutdown('a request, later')),
    });
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 100)),
    });
    clock.setTimer(arrive, 50);
    void coordinator.shutdown();
    await clock.advance(100);
    expect(ofType(events, 'joined')).toHaveLength(1);
    expect(ofType(events, 'self-wait')).toEqual([]);
  });

  it('leaves another coordinator alone', async () => {
    const { clock, coordinator } = setUp();
    const other = setUp();
    void coordinator.shutdown();
    await clock.advance(0);
    expect(coordinator.state).toBe('completed');
    expect(other.coordinator.state).toBe('running');
    expect(other.coordinator.signal.aborted).toBe(false);
    expect(other.events).toEqual([]);
  });
});
