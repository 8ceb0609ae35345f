import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';

/** What Nest's default handles, without what a debugger sends, and what the processor raises. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2'] as const;
const hooksWith = (signal: string): string[] => [
  `beforeApplicationShutdown ${signal}`,
  'onModuleDestroy',
  `onApplicationShutdown ${signal}`,
];

describe.each([12, 11] as const)('enableGracefulShutdown() on Nest %i', (nest) => {
  it.each([
    ...SIGNALS.map((signal) => ({ signal, line: 'enable' as const })),
    { signal: 'SIGHUP', line: 'both' as const },
  ] as const)('drains on $signal, with "$line"', async ({ signal, line }) => {
    await using program = startApplication({ line }, { nest });
    const { url } = await program.event('listening');
    const response = fetch(`${String(url)}/slow?ms=300`);
    await program.event('request');

    program.signal(signal);

    expect(await (await response).json()).toEqual({ open: true });
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(hooksOf(program)).toEqual(hooksWith(signal));
    expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'signal', signal } } });
  });

  it.each(['both', 'hooks-first'] as const)(
    'drains on signals of enableShutdownHooks() that are not in its options, too: "%s"',
    async (line) => {
      await using program = startApplication({ line, options: { signals: ['SIGTERM'] } }, { nest });
      await program.event('listening');

      program.signal('SIGHUP');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toEqual(hooksWith('SIGHUP'));
      expect(await program.event('report')).toMatchObject({
        report: { status: 'completed', reason: { kind: 'signal', signal: 'SIGHUP' } },
      });
    },
  );

  it('leaves other signals than its options to the system', async () => {
    await using program = startApplication({ options: { signals: ['SIGTERM'] } }, { nest });
    await program.event('listening');

    program.signal('SIGHUP');

    expect(await program.exited).toMatchObject({ code: null, signal: 'SIGHUP' });
  });
});

describe('a signal that other code uses', () => {
  it.each(['reloads', 'reloads-later'] as const)(
    'is left to it, and SIGTERM shuts down: %s',
    async (fault) => {
      await using program = startApplication({ faults: [fault] });
      await program.event('listening');
      if (fault === 'reloads-later') {
        program.signal('SIGVTALRM');
        await program.event('reloading');
      }

      program.signal('SIGHUP');
      await program.event('reloaded');
      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(await program.event('report')).toMatchObject({ report: { reason: { signal: 'SIGTERM' } } });
    },
  );

  it('is named at boot', async () => {
    await using program = startApplication({ faults: ['reloads'] });
    await program.event('listening');

    expect(program.output).toMatch(
      /LOG.*SIGHUP does not shut down, because other code listens to it: \(\) => tell\('reloaded'\)\. /,
    );
  });

  it('shuts down all the same where the option signals names it', async () => {
    await using program = startApplication({ options: { signals: ['SIGHUP'] }, faults: ['reloads'] });
    await program.event('listening');

    program.signal('SIGHUP');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(await program.event('report')).toMatchObject({ report: { reason: { signal: 'SIGHUP' } } });
  });

  it('shuts down where that code leaves signals to others, as signal-exit does', async () => {
    await using program = startApplication({ faults: ['signal-exit'] });
    await program.event('listening');
    expect(program.output).not.toContain('ther code listens');

    program.signal('SIGHUP');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(hooksOf(program)).toEqual(hooksWith('SIGHUP'));
  });

  it('goes on being what Node was told: a report of the process', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'reports-'));
    try {
      await using program = startApplication(
        {},
        { execArgv: ['--report-on-signal', `--report-directory=${directory}`] },
      );
      await program.event('listening');

      program.signal('SIGUSR2');
      await program.printed(/Node\.js report completed/);
      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(readdirSync(directory)).toHaveLength(1);
      expect(await program.event('report')).toMatchObject({ report: { reason: { signal: 'SIGTERM' } } });
    } finally {
      if (existsSync(directory)) rmSync(directory, { recursive: true });
    }
  });
});

describe('the exit code of such a signal', () => {
  it.each([
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
    ['SIGABRT', 134],
    ['SIGUSR2', 140],
  ] as const)('is 128 + n where it ends a bootstrap: %s', async (signal, code) => {
    await using program = startApplication({ stopAt: ['onModuleInit'] });
    await program.event('stage');

    program.signal(signal);
    await program.printed(new RegExp(`${signal}: shutting down`));
    program.signal('SIGWINCH');

    expect(await program.exited).toMatchObject({ code, signal: null });
  });

  it('is 128 + n where it forces', async () => {
    await using program = startApplication({
      faults: ['drain-waits', 'clock-jumps'],
      options: { gracePeriodMs: 60_000 },
    });
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGHUP');

    expect(await program.exited).toMatchObject({ code: 129, signal: null });
  });
});
