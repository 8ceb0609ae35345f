import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';
import type { Fault } from '../fixtures/plan.js';

describe.each([12, 11] as const)('a SIGTERM listener of other code, on Nest %i', (nest) => {
  it.each<{ fault: Fault; code: number; by: RegExp }>([
    {
      fault: 'exits-on-signal',
      code: 5,
      by: /^process\.exit\(5\), called at .*fixtures\/main\.[jt]s:\d+:\d+/,
    },
    {
      fault: 'exits-in-the-drain',
      code: 5,
      by: /^process\.exit\(5\), called at .*leave \(.*fixtures\/application\.[jt]s:\d+:\d+/,
    },
    {
      fault: 'exit-hook',
      code: 143,
      by: /^process\.exit\(143\), called by exit-hook at .*node_modules\/exit-hook\/index\.js:\d+:\d+/,
    },
  ])('that exits is named in the log and in the report: $fault', async ({ fault, code, by }) => {
    await using program = startApplication(
      { faults: [fault, 'drain-waits'] },
      { nest, execArgv: ['--enable-source-maps'] },
    );
    await program.event('listening');

    program.signal('SIGTERM');

    const { output, ...exit } = await program.exited;
    expect(exit).toEqual({ code, signal: null });
    const { report } = await program.event('report');
    expect(report).toMatchObject({
      status: 'interrupted',
      reason: { kind: 'signal', signal: 'SIGTERM' },
      forcedBy: expect.stringMatching(by),
    });
    expect(output).toContain(`interrupted by ${(report as { forcedBy: string }).forcedBy}; pending: `);
  });

  it('that closes the application costs it neither the announcement nor the reason', async () => {
    await using program = startApplication(
      { faults: ['closes-on-signal'], options: { announceDelayMs: 300 } },
      { nest },
    );
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(hooksOf(program)).toContain('onApplicationShutdown SIGTERM');
    const { report } = await program.event('report');
    expect(report).toMatchObject({
      status: 'completed',
      reason: { kind: 'signal' },
      participants: expect.arrayContaining([
        expect.objectContaining({ name: 'announce delay', phase: 'announce', outcome: 'completed' }),
      ]),
    });
    const { phases } = report as { phases: readonly { phase: string; durationMs: number }[] };
    expect(phases.find(({ phase }) => phase === 'announce')?.durationMs).toBeGreaterThanOrEqual(299);
  });
});

describe('a SIGTERM listener that is there at boot', () => {
  it.each<[Fault, string]>([
    ['exits-on-signal', '() => process.exit(5)'],
    ['closes-on-signal', '() => void app.close()'],
    ['exit-hook', 'bound exit'],
  ])('is warned about, with what there is to see of it: %s', async (fault, excerpt) => {
    await using program = startApplication({ faults: [fault] });
    await program.event('listening');

    expect(program.output).toMatch(/WARN.*Other code also listens to SIGTERM/);
    expect(program.output).toContain(`SIGTERM: ${excerpt}. `);
  });

  it('is warned about when the shutdown begins, if it was added later', async () => {
    await using program = startApplication({ faults: ['late-bystander'] });
    await program.event('listening');
    await program.printed(/successfully started/);
    expect(program.output).not.toContain('WARN');

    program.signal('SIGTERM');

    const { code, output } = await program.exited;
    expect(code).toBe(0);
    expect(output.match(/Other code also listens to SIGTERM: \(\) => tell\('late'\)\. /g)).toHaveLength(1);
  });

  it('is not warned about where there is none, nor in tests', async () => {
    await using quiet = startApplication({});
    await quiet.event('listening');
    await using inTests = startApplication({ faults: ['exits-on-signal'] }, { env: { NODE_ENV: 'test' } });
    await inTests.event('listening');

    expect(quiet.output).not.toContain('WARN');
    expect(inTests.output).not.toContain('WARN');
  });
});
