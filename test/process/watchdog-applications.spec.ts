import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';
import { endOf } from './watchdog-program.js';
import type { GracefulShutdownOptions } from 'nestjs-drain';
import type { WatchedApplication } from '../fixtures/watchdog-applications.js';
import type { Program } from '../support/process/program.js';

const GRACE_MS = 500;
const OPTIONS: GracefulShutdownOptions = { gracePeriodMs: GRACE_MS, watchdogMarginMs: 100 };
/** Longer than the watchdog leaves to an event loop. */
const TOO_LONG_MS = 2_000;

const startApplications = (...plans: WatchedApplication[]): Program =>
  start('fixtures/watchdog-applications', { env: { APPLICATIONS: JSON.stringify(plans) } });

describe('an application that blocks the event loop past its deadline', () => {
  it('has no thread before that, or one from the start', async () => {
    await using without = startApplications({ options: OPTIONS, phase: 'drain' });
    await using withOne = startApplications({
      options: { ...OPTIONS, watchdog: 'at-boot' },
      phase: 'drain',
    });

    expect(await without.event('ready')).toMatchObject({ threads: 0 });
    expect(await withOne.event('ready')).toMatchObject({ threads: 1 });
    withOne.signal('SIGTERM');
    expect(await endOf(withOne, GRACE_MS)).toMatchObject({ code: 70, isInTime: true });
  });

  it.each<GracefulShutdownOptions>([{ watchdog: false }, { forceAfterTimeout: false }, { exit: false }])(
    'is left alone with %j',
    async (options) => {
      await using program = startApplications({
        options: { ...OPTIONS, ...options },
        phase: 'drain',
        forMs: TOO_LONG_MS,
        blocks: true,
      });
      await program.event('ready');

      program.signal('SIGTERM');
      await program.event('report');

      expect(program.output).not.toContain('The deadline has passed');
    },
  );

  it('is left alone when it is only closed', async () => {
    await using program = startApplications({
      options: OPTIONS,
      phase: 'drain',
      forMs: TOO_LONG_MS,
      blocks: true,
    });
    await program.event('ready');

    program.signal('SIGUSR2');
    await program.event('closed');

    expect(program.output).not.toContain('The deadline has passed');
  });

  it('is ended when a signal came while it was being closed', async () => {
    await using program = startApplications({ options: OPTIONS, phase: 'drain', onceJoined: true });
    await program.event('ready');

    program.signal('SIGUSR2');
    await program.event('waiting');
    program.signal('SIGTERM');

    expect(await endOf(program, GRACE_MS)).toMatchObject({ code: 70, isInTime: true });
  });
});

describe('an application that waits for another one', () => {
  it('is not ended at its own deadline', async () => {
    await using program = startApplications(
      { options: OPTIONS, phase: 'drain', forMs: 0 },
      { options: { gracePeriodMs: 10_000, releaseReserveMs: 0 }, phase: 'drain', forMs: TOO_LONG_MS },
    );
    await program.event('ready');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });
});
