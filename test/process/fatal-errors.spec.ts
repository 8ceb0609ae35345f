import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';

const EVERY_HOOK = ['beforeApplicationShutdown', 'onModuleDestroy', 'onApplicationShutdown'];

describe.each([12, 11] as const)('a fatal error on Nest %i, with onFatalError', (nest) => {
  it.each([
    ['an exception that nobody catches', 'SIGUSR2', 'nobody catches this'],
    ['a rejection that nobody handles', 'SIGPROF', 'nobody catches that'],
  ] as const)('shuts down with reason error and code 1: %s', async (_what, breakDown, message) => {
    await using program = startApplication(
      { options: { onFatalError: true }, faults: ['breaks-down'] },
      { nest },
    );
    const { url } = await program.event('listening');
    const response = fetch(`${String(url)}/slow?ms=300`);
    await program.event('request');

    program.signal(breakDown);

    expect(await (await response).json()).toEqual({ open: true });
    const { code, output } = await program.exited;
    expect(code).toBe(1);
    expect(hooksOf(program)).toEqual(EVERY_HOOK);
    expect(await program.event('report')).toMatchObject({
      report: { status: 'completed', reason: { kind: 'error', message } },
    });
    // With the stack: it is the last that is heard of the error.
    expect(output).toMatch(new RegExp(`fatal error: Error: ${message}\\n +at `));
  });

  it('joins a shutdown that is under way, neither begins it anew nor skips what is left, and shows in the code', async () => {
    await using program = startApplication(
      { options: { onFatalError: true }, faults: ['breaks-down', 'drain-waits'] },
      { nest },
    );
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGUSR2');
    await program.printed(/shutdown already in progress/);
    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 1, signal: null });
    expect(hooksOf(program)).toEqual(
      EVERY_HOOK.map((hook) => (hook === 'onModuleDestroy' ? hook : `${hook} SIGTERM`)),
    );
    expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'signal' } } });
  });

  it('forces, when it is not the first', async () => {
    await using program = startApplication(
      { options: { onFatalError: true }, faults: ['breaks-down', 'drain-waits'] },
      { nest },
    );
    await program.event('listening');
    program.signal('SIGUSR2');
    await program.event('draining');

    program.signal('SIGPROF');

    expect(await program.exited).toMatchObject({ code: 1, signal: null });
    expect(await program.event('report')).toMatchObject({
      report: {
        status: 'forced',
        forcedBy: 'another fatal error',
        pending: [{ name: 'what a drain waits for' }],
      },
    });
  });
});

describe('a fatal error', () => {
  it('ends the process at once without onFatalError, as Node does', async () => {
    await using program = startApplication({ faults: ['breaks-down'] });
    await program.event('listening');

    program.signal('SIGUSR2');

    expect(await program.exited).toMatchObject({ code: 1, signal: null });
    expect(hooksOf(program)).toEqual([]);
  });
});

describe('process.exit() in the middle of a shutdown', () => {
  it('keeps its code, and the report is written all the same, as interrupted', async () => {
    await using program = startApplication({ faults: ['breaks-down', 'drain-waits'] });
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGXCPU');

    const { code, output } = await program.exited;
    expect(code).toBe(3);
    expect(await program.event('report')).toMatchObject({
      report: {
        status: 'interrupted',
        forcedBy: 'process.exit(3)',
        pending: [{ name: 'what a drain waits for', phase: 'drain' }],
      },
    });
    expect(output).toContain('shutdown interrupted after');
  });

  it('has no report when no shutdown was under way', async () => {
    await using program = startApplication({ faults: ['breaks-down'] });
    await program.event('listening');

    program.signal('SIGXCPU');

    expect(await program.exited).toMatchObject({ code: 3 });
    expect(program.events.map(({ event }) => event)).not.toContain('report');
  });
});

describe('what would have kept the process alive', () => {
  it('is counted in the report and in a log line', async () => {
    await using program = startApplication({ faults: ['handle-left'] });
    await program.event('listening');

    program.signal('SIGTERM');

    const { code, output } = await program.exited;
    expect(code).toBe(0);
    expect(await program.event('report')).toMatchObject({ report: { activeResources: { Timeout: 1 } } });
    expect(output).toContain('exiting with open handles: 1 Timeout');
  });

  it('is not told where there is nothing', async () => {
    await using program = startApplication({});
    await program.event('listening');

    program.signal('SIGTERM');

    const { output } = await program.exited;
    expect(await program.event('report')).toMatchObject({ report: { activeResources: {} } });
    expect(output).not.toContain('kept alive');
  });
});
