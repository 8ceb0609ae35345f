import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';
import { endOf } from './watchdog-program.js';
import type { GracefulShutdownOptions } from 'nestjs-drain';
import type { WatchedApplication } from '../fixtures/watchdog-applications.js';
import type { Program } from '../support/process/program.js';

const GRACE_MS = 500;
const OPTIONS: GracefulShutdownOptions = { gracePeriodMs: GRACE_MS };
/** Longer than the watchdog leaves to an event loop. */
const TOO_LONG_MS = 2_000;

/** Node with its permissions, threads not among them. */
const WITHOUT_THREADS = [
  process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
];

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

describe('an application where node is not permitted to start threads', () => {
  const startThere = (watchdog?: boolean): Program => {
    const options = { ...OPTIONS, ...(watchdog !== undefined && { watchdog }) };
    return start('fixtures/watchdog-applications', {
      env: { APPLICATIONS: JSON.stringify([{ options, phase: 'drain', forMs: 0 }]) },
      execArgv: WITHOUT_THREADS,
    });
  };

  it('does not start with a watchdog that was asked for', async () => {
    await using program = startThere(true);

    const { code, output } = await program.exited;

    expect(output).toContain('watchdog needs a worker thread, which the permission model denies');
    expect(output).toContain('start node with --allow-worker, or use false');
    expect(code).not.toBe(0);
  });

  it('goes without one otherwise, and says so when it shuts down', async () => {
    await using program = startThere();
    await program.event('ready');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({
      code: 0,
      output: expect.stringContaining('A blocked event loop will not be ended at the deadline'),
    });
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
