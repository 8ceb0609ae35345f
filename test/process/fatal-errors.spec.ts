import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';
import type { ApplicationPlan } from '../fixtures/plan.js';
import type { StartOptions } from '../support/process/program.js';

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
        forcedBy: expect.stringMatching(/^process\.exit\(3\), called at .*fixtures\/main\.[jt]s:\d+:\d+/),
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

describe.each([12, 11] as const)('in the middle of a shutdown on Nest %i', (nest) => {
  const EXCEPTION = 'an uncaught exception: nobody catches this';
  const REJECTION = 'an unhandled rejection: nobody catches that';

  it.each<
    { what: string; signal: NodeJS.Signals; by: unknown; code: number } & StartOptions & ApplicationPlan
  >([
    { what: 'an exception', signal: 'SIGUSR2', by: EXCEPTION, code: 1 },
    { what: 'a rejection', signal: 'SIGPROF', by: REJECTION, code: 1 },
    {
      what: 'a rejection, with --unhandled-rejections=strict',
      signal: 'SIGPROF',
      by: REJECTION,
      code: 1,
      execArgv: ['--unhandled-rejections=strict'],
    },
    {
      what: 'an exception, with a listener of the application that exits',
      signal: 'SIGUSR2',
      faults: ['own-exception-handler'],
      by: expect.stringMatching(
        /^process\.exit\(4\), called at .*main\.[jt]s:\d+:\d+\)? after an uncaught exception: nobody catches this$/,
      ),
      code: 4,
    },
    {
      what: 'an exception, with onFatalError and a listener of the application that exits',
      signal: 'SIGUSR2',
      faults: ['own-exception-handler'],
      options: { onFatalError: true },
      by: expect.stringMatching(
        /^process\.exit\(4\), called at .* after an uncaught exception: nobody catches this$/,
      ),
      code: 4,
    },
  ])('$what is reported as what it is', async ({ signal, by, code, faults = [], options, execArgv }) => {
    await using program = startApplication(
      { faults: ['breaks-down', 'drain-waits', ...faults], ...(options && { options }) },
      { nest, ...(execArgv && { execArgv }) },
    );
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal(signal);

    expect(await program.exited).toMatchObject({ code, signal: null });
    expect(await program.event('report')).toMatchObject({
      report: { status: 'interrupted', forcedBy: by, pending: [{ name: 'what a drain waits for' }] },
    });
  });

  it('a rejection that Node only warns about ends nothing, and its exit code stays', async () => {
    await using program = startApplication(
      { faults: ['breaks-down', 'drain-waits'] },
      { nest, execArgv: ['--unhandled-rejections=warn-with-error-code'] },
    );
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGPROF');
    await program.printed(/UnhandledPromiseRejectionWarning/);
    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 1, signal: null });
    expect(await program.event('report')).toMatchObject({ report: { status: 'completed' } });
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
