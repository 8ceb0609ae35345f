import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';
import type { ShutdownReport } from 'nestjs-drain';
import type { ApplicationPlan } from '../fixtures/plan.js';

describe.each([12, 11] as const)('the exit code on Nest %i', (nest) => {
  it.each(['enable', 'hooks'] as const)(
    'is 1 when a hook has failed, and the other hooks ran: "%s"',
    async (line) => {
      await using program = startApplication({ line, faults: ['destroy-throws'] }, { nest });
      await program.event('listening');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 1, signal: null });
      expect(hooksOf(program)).toHaveLength(3);
      expect(await program.event('report')).toMatchObject({ report: { status: 'failed' } });
    },
  );

  it.each(['enable', 'hooks'] as const)(
    'is 124, in time, when the end passes the deadline: "%s"',
    async (line) => {
      const gracePeriodMs = 1_500;
      const plan = { line, options: { gracePeriodMs }, faults: ['flush-hangs'] as const };
      await using program = startApplication(plan, { nest });
      await program.event('listening');

      const signalledAt = performance.now();
      program.signal('SIGTERM');
      const exit = await program.exited;

      expect(exit).toMatchObject({ code: 124, signal: null });
      // The promise is the grace period; the margin is for a busy machine to notice.
      expect(performance.now() - signalledAt).toBeLessThan(gracePeriodMs + 500);
      expect(await program.event('report')).toMatchObject({
        report: {
          status: 'forced',
          forcedBy: 'deadline',
          pending: [{ name: 'stuck flush', phase: 'flush' }],
        },
      });
    },
  );

  it.each(['enable', 'hooks'] as const)(
    'is 0 when a hook takes longer than its share and less than what is left: "%s"',
    async (line) => {
      const plan = { line, options: { gracePeriodMs: 1_500 }, faults: ['destroy-slow'] as const };
      await using program = startApplication(plan, { nest });
      await program.event('listening');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toHaveLength(3);
      const { report } = (await program.event('report')) as unknown as { report: ShutdownReport };
      expect(report.status).toBe('completed');
      expect(report.participants.filter(({ overtakenMs }) => overtakenMs !== undefined)).toMatchObject([
        { name: 'Store.onModuleDestroy', phase: 'release', outcome: 'completed' },
      ]);
    },
  );

  it('is left to an asynchronous option exit, which Nest does not overtake', async () => {
    await using program = startApplication({ line: 'hooks', exit: 'exits later', exitCode: 9 }, { nest });
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 9, signal: null });
  });
});

describe('the exit code', () => {
  it('is 1 when work was cut at the end of the drain', async () => {
    await using program = startApplication({ options: { drainTimeoutMs: 200 } });
    const { url } = await program.event('listening');
    const response = fetch(`${String(url)}/slow?ms=60000`);
    await program.event('request');

    program.signal('SIGTERM');

    await expect(response).rejects.toThrow('fetch failed');
    expect(await program.exited).toMatchObject({ code: 1, signal: null });
    expect(await program.event('report')).toMatchObject({
      report: { status: 'failed', cuts: [{ kind: 'request', phase: 'drain' }] },
    });
  });

  it('is what the option exitCode says, whatever happened', async () => {
    await using program = startApplication({ exitCode: 77, faults: ['destroy-throws'] });
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 77, signal: null });
  });

  it.each([
    { exitCode: 'throws', says: /exitCode failed; exiting with 0: no code today/ },
    { exitCode: 256, says: /exitCode returned 256, not an integer from 0 to 255; exiting with 0/ },
    { exitCode: 1.5, says: /exitCode returned 1\.5, not an integer from 0 to 255; exiting with 0/ },
  ] as const)('is the default when the option exitCode gives none: $exitCode', async ({ exitCode, says }) => {
    await using program = startApplication({ exitCode, faults: ['handle-left'] });
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, output: expect.stringMatching(says) });
  });

  it.each([
    [{ faults: ['sets-exit-code'] }, 6],
    [{ faults: ['sets-exit-code', 'destroy-throws'] }, 1],
    [{ faults: ['sets-exit-code'], exitCode: 0 }, 0],
  ] as const)('is process.exitCode when nothing else speaks against 0: %j', async (plan, code) => {
    await using program = startApplication(plan);
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code, signal: null });
  });

  it('goes to the option exit, and the process does not end', async () => {
    await using program = startApplication({ exit: 'tells', faults: ['handle-left', 'destroy-throws'] });
    await program.event('listening');

    program.signal('SIGTERM');
    expect(await program.event('exit')).toEqual({ event: 'exit', code: 1 });

    program.signal('SIGPWR');
    expect(await program.event('listeners')).toMatchObject({ SIGTERM: 0, SIGINT: 0 });
  });

  it('is that of process.exit when the option exit fails', async () => {
    await using program = startApplication({ exit: 'throws', exitCode: 5, faults: ['handle-left'] });
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({
      code: 5,
      output: expect.stringContaining('exit failed; calling process.exit(5): no way out'),
    });
  });

  it('does not matter with exit: false, which leaves the process alive and its signals alone', async () => {
    await using program = startApplication({ options: { exit: false }, faults: ['handle-left'] });
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('report');

    program.signal('SIGPWR');
    expect(await program.event('listeners')).toMatchObject({ SIGTERM: 0, SIGINT: 0 });
    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});

describe('the exit code of process.exit(0) in the middle of a shutdown', () => {
  async function exitWithin(
    plan: ApplicationPlan,
    { phase, cuts }: { phase: 'drain' | 'flush'; cuts: boolean },
  ): Promise<{ code: number | null; report: ShutdownReport }> {
    await using program = startApplication({ ...plan, faults: ['exits-with-0', ...(plan.faults ?? [])] });
    const { url } = await program.event('listening');
    if (cuts) {
      fetch(`${String(url)}/slow?ms=60000`).catch(() => undefined);
      await program.event('request');
    }
    program.signal('SIGTERM');
    await program.event('phase', (event) => event['phase'] === phase);
    program.signal('SIGXCPU');
    const { code } = await program.exited;
    const { report } = (await program.event('report')) as unknown as { report: ShutdownReport };
    expect(report.status).toBe('interrupted');
    return { code, report };
  }

  it('is 1 when it has cut a request', async () => {
    const { code, report } = await exitWithin({}, { phase: 'drain', cuts: true });

    expect(report.cuts).toMatchObject([{ kind: 'request', name: 'GET /slow' }]);
    expect(code).toBe(1);
  });

  it('is 1 when a hook has failed before', async () => {
    const plan: ApplicationPlan = { faults: ['destroy-throws', 'flush-hangs'] };
    const { code } = await exitWithin(plan, { phase: 'flush', cuts: false });

    expect(code).toBe(1);
  });

  it('is what the option exitCode says when it has cut a request', async () => {
    const { code } = await exitWithin({ exitCode: 77 }, { phase: 'drain', cuts: true });

    expect(code).toBe(77);
  });

  it('stays 0 when nothing was lost', async () => {
    const { code, report } = await exitWithin({ faults: ['drain-waits'] }, { phase: 'drain', cuts: false });

    expect(report.pending).toMatchObject([{ name: 'what a drain waits for' }]);
    expect(code).toBe(0);
  });
});
