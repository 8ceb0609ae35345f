import { describe, expect, it } from '@jest/globals';
import type { ShutdownErrorCode } from '../../../src/core/errors.js';
import { ShutdownError } from '../../../src/core/errors.js';
import type { ParticipantOptions, ShutdownParticipant } from '../../../src/core/participant.js';
import { LifetimeEvent } from '../../../src/core/phase.js';
import { ControllableShutdownCoordinator } from '../../../src/testing/controllable-shutdown-coordinator.js';
import { never, setUp } from './coordinator-on-manual-clock.js';

function errorOf(act: () => unknown): { code: ShutdownErrorCode; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof ShutdownError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('registration is refused', () => {
  it.each([
    ['', '""'],
    ['  ', '"  "'],
    [undefined, 'undefined'],
  ])('without a name: %j', (name, shown) => {
    const { coordinator } = setUp();
    const participant = { name: name as string, drain: () => {} };
    expect(errorOf(() => coordinator.add({ participant, options: {}, registeredAt: 'here.ts:1' }))).toEqual({
      code: 'SHUTDOWN_NAME_EMPTY',
      message:
        `a shutdown participant needs a name, got ${shown} (registered at here.ts:1): ` +
        'use one that operators recognise in a log line',
    });
  });

  it('with a name that is taken, and says by whom', () => {
    const { coordinator } = setUp();
    coordinator.add({
      participant: { name: 'db', release: () => {} },
      options: {},
      registeredAt: 'pool.ts:12',
    });
    expect(
      errorOf(() =>
        coordinator.add({
          participant: { name: 'db', drain: () => {} },
          options: {},
          registeredAt: 'jobs.ts:3',
        }),
      ),
    ).toEqual({
      code: 'SHUTDOWN_NAME_DUPLICATE',
      message:
        'shutdown participant "db" (registered at jobs.ts:3) has the same name as the one registered at pool.ts:12: ' +
        'use another name, or unregister the first',
    });
  });

  it('without a single method', () => {
    const { coordinator } = setUp();
    const participant = { name: 'idle', drain: 'soon' } as unknown as ShutdownParticipant;
    expect(errorOf(() => coordinator.add({ participant, options: {}, registeredAt: 'idle.ts:1' }))).toEqual({
      code: 'SHUTDOWN_PARTICIPANT_EMPTY',
      message:
        'shutdown participant "idle" (registered at idle.ts:1) has no method: ' +
        'implement at least one of announce, quiesce, drain, release, flush, resume',
    });
  });

  it('for a phase that has begun, and says which are open', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', drain: never });
    void coordinator.shutdown();
    await clock.advance(0);
    const participant = { name: 'late', quiesce: () => {}, drain: () => {}, release: () => {} };
    expect(errorOf(() => coordinator.add({ participant, options: {}, registeredAt: 'late.ts:7' }))).toEqual({
      code: 'SHUTDOWN_PHASE_BEGUN',
      message:
        'shutdown participant "late" (registered at late.ts:7) is too late for quiesce, drain: ' +
        'the shutdown is in drain; register for release, flush, or earlier',
    });
  });

  it('for everything when nothing is left', async () => {
    const { clock, coordinator } = setUp();
    void coordinator.shutdown();
    await clock.advance(0);
    const participant = { name: 'late', flush: () => {} };
    expect(
      errorOf(() => coordinator.add({ participant, options: {}, registeredAt: 'late.ts:7' })).message,
    ).toBe('shutdown participant "late" (registered at late.ts:7) is too late for flush: no phase is left');
  });

  it.each<[ParticipantOptions, string]>([
    [{ timeoutMs: Number('none') }, 'timeoutMs NaN: use milliseconds, 0 or more'],
    [{ timeoutMs: -1 }, 'timeoutMs -1: use milliseconds, 0 or more'],
    [{ timeoutMs: '50' as unknown as number }, 'timeoutMs 50: use milliseconds, 0 or more'],
    [{ timeoutMs: { drain: 5, release: -2 } }, 'timeoutMs -2: use milliseconds, 0 or more'],
    [{ priority: NaN }, 'priority NaN: use a finite number'],
    [
      { priority: Infinity, timeoutMs: NaN },
      'priority Infinity: use a finite number; invalid timeoutMs NaN: use milliseconds, 0 or more',
    ],
  ])('with numbers that mean nothing: %j', (options, problem) => {
    const { coordinator } = setUp();
    const participant = { name: 'odd', drain: () => {} };
    expect(errorOf(() => coordinator.add({ participant, options, registeredAt: 'odd.ts:1' }))).toEqual({
      code: 'SHUTDOWN_OPTIONS_INVALID',
      message: `shutdown participant "odd" (registered at odd.ts:1) has an invalid ${problem}`,
    });
  });
});

describe('the place of a registration', () => {
  it('is known where the process keeps no stacks', () => {
    const { coordinator } = setUp();
    coordinator.register({ name: 'db', release: () => {} });
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const { message } = errorOf(() => coordinator.register({ name: 'db', release: () => {} }));
    expect(Error.stackTraceLimit).toBe(0);
    Error.stackTraceLimit = stackTraceLimit;
    expect(message).toMatch(
      /^shutdown participant "db" \(registered at .*registration\.spec\.ts:\d+:\d+\)+ has/,
    );
  });

  it('is that of the caller of whatever a coordinator of its own registers by', () => {
    class Registering extends ControllableShutdownCoordinator {
      override register(participant: ShutdownParticipant): () => void {
        return super.register(participant);
      }
    }
    const coordinator = new Registering();
    coordinator.register({ name: 'db', release: () => {} });
    const { message } = errorOf(() => coordinator.register({ name: 'db', release: () => {} }));
    expect(message).not.toContain('Registering');
  });
});

describe('registration is taken', () => {
  it('for a phase that has not begun, in the middle of a shutdown', async () => {
    const { clock, coordinator } = setUp();
    const calls: string[] = [];
    coordinator.register({
      name: 'one',
      drain: () => {
        coordinator.register({
          name: 'another',
          release: () => void calls.push('release'),
          flush: () => void calls.push('flush'),
        });
        coordinator.onLifetimeEvent(LifetimeEvent.SHUTDOWN, 'service', () => void calls.push('SHUTDOWN'));
      },
    });
    void coordinator.shutdown();
    await clock.advance(0);
    expect(calls).toEqual(['SHUTDOWN', 'release', 'flush']);
  });

  it('again under a name whose bearer was taken out', () => {
    const { coordinator } = setUp();
    const unregister = coordinator.register({ name: 'db', release: () => {} });
    unregister();
    expect(() => coordinator.register({ name: 'db', release: () => {} })).not.toThrow();
  });

  it('after an operator has resumed, for every phase', () => {
    const { coordinator } = setUp();
    coordinator.announce();
    void coordinator.resume();
    expect(() => coordinator.register({ name: 'new', announce: () => {} })).not.toThrow();
  });

  it('for both lifetime events under one name, but once for each, and not beside a participant', () => {
    const { coordinator } = setUp();
    const subscribe = (event: LifetimeEvent, name: string) => () =>
      coordinator.onLifetimeEvent(event, name, () => {});
    coordinator.register({ name: 'db', release: () => {} });
    expect(subscribe(LifetimeEvent.PREPARE_SHUTDOWN, 'service')).not.toThrow();
    expect(subscribe(LifetimeEvent.SHUTDOWN, 'service')).not.toThrow();
    expect(errorOf(subscribe(LifetimeEvent.SHUTDOWN, 'service')).code).toBe('SHUTDOWN_NAME_DUPLICATE');
    expect(errorOf(subscribe(LifetimeEvent.SHUTDOWN, 'db')).code).toBe('SHUTDOWN_NAME_DUPLICATE');
    expect(errorOf(() => coordinator.register({ name: 'service', drain: () => {} })).code).toBe(
      'SHUTDOWN_NAME_DUPLICATE',
    );
  });

  it('with the place in the source, which the report gives for those that do not complete', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'sound', drain: () => {} });
    coordinator.onLifetimeEvent(LifetimeEvent.SHUTDOWN, 'broken', () => {
      throw new Error('broken');
    });
    void coordinator.shutdown();
    await clock.advance(0);
    const [sound, broken] = ['sound', 'broken'].map((name) =>
      coordinator.report?.participants.find((entry) => entry.name === name),
    );
    expect(sound).not.toHaveProperty('registeredAt');
    expect(broken?.registeredAt).toMatch(/registration\.spec\.ts:\d+:\d+\)?$/);
  });
});
