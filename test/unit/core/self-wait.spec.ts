import { describe, expect, it } from '@jest/globals';
import { ofType, setUp } from './coordinator-on-manual-clock.js';
import type { Setup } from './coordinator-on-manual-clock.js';

/** A server with one request in flight, which ends after so long, or when it is cut. */
function registerServer({ clock, coordinator }: Setup, name = 'server'): { end(this: void): void } {
  let inFlight = 1;
  let finish = (): void => {};
  coordinator.register(
    {
      name,
      inFlight: () => inFlight,
      drain: ({ signal }) =>
        new Promise((resolve) => {
          finish = resolve;
          signal.addEventListener('abort', () => resolve());
        }),
    },
    { timeoutMs: 5_000 },
  );
  return {
    end() {
      inFlight = 0;
      clock.setTimer(finish, 0);
    },
  };
}

const suspicions = ({ events }: Setup): unknown[] =>
  ofType(events, 'self-wait-suspected').map(({ inFlight }) => inFlight);

describe('a shutdown that is asked for while work is in flight', () => {
  it('tells, once, that drain may wait for whoever has asked, and by name for what it waits', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    registerServer(setup);
    registerServer(setup, 'tasks');
    coordinator.register({ name: 'idle', inFlight: () => 0, drain: () => {} });
    void coordinator.shutdown('from a handler');
    void coordinator.shutdown('from another');
    await clock.advance(999);
    expect(suspicions(setup)).toEqual([]);
    await clock.advance(1);
    expect(suspicions(setup)).toEqual([{ server: 1, tasks: 1 }]);
    await clock.advance(10_000);
    expect(suspicions(setup)).toHaveLength(1);
    expect(coordinator.state).toBe('completed');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not when that work ends in time, and leaves no timer', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    const { end } = registerServer(setup);
    void coordinator.shutdown();
    await clock.advance(900);
    end();
    await clock.advance(0);
    expect(coordinator.state).toBe('completed');
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1_000);
    expect(suspicions(setup)).toEqual([]);
  });

  it.each(['signal', 'close', 'error'] as const)('does not when it was a %s', async (kind) => {
    const setup = setUp();
    registerServer(setup);
    void setup.coordinator.shutdown({ kind });
    await setup.clock.advance(10_000);
    expect(suspicions(setup)).toEqual([]);
  });

  it('does not when nothing was in flight then', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    coordinator.register({
      name: 'slow',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 3_000)),
    });
    void coordinator.shutdown();
    await clock.advance(3_000);
    expect(suspicions(setup)).toEqual([]);
  });

  it('counts from the drain on, however long the announcement takes', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    registerServer(setup);
    void coordinator.shutdown('rollout', { announceDelayMs: 3_000 });
    await clock.advance(3_999);
    expect(suspicions(setup)).toEqual([]);
    await clock.advance(1);
    expect(suspicions(setup)).toHaveLength(1);
  });

  it('counts from when it was asked for, if drain waits already', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    registerServer(setup);
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(2_000);
    void coordinator.shutdown('from a handler');
    await clock.advance(999);
    expect(suspicions(setup)).toEqual([]);
    await clock.advance(1);
    expect(suspicions(setup)).toHaveLength(1);
  });

  it('leaves no timer when it is forced', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    registerServer(setup);
    void coordinator.shutdown();
    await clock.advance(500);
    coordinator.force('SIGINT again');
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
    expect(suspicions(setup)).toEqual([]);
  });

  it('does not suspect a participant that is known to ask', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    registerServer(setup);
    coordinator.register({
      name: 'ouroboros',
      drain: async () => void (await coordinator.shutdown('again')),
    });
    void coordinator.shutdown({ kind: 'close' });
    await clock.advance(5_000);
    expect(ofType(setup.events, 'self-wait')).toHaveLength(1);
    expect(suspicions(setup)).toEqual([]);
  });
});
