import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';
import type { ShutdownReport } from 'nestjs-drain';
import type { Program } from '../support/process/program.js';

const options = { gracePeriodMs: 20_000, announceDelayMs: 1_000 };

async function announcedForMs(program: Program): Promise<number | undefined> {
  expect(await program.exited).toMatchObject({ code: 0, signal: null });
  const { report } = (await program.event('report')) as unknown as { report: ShutdownReport };
  return report.phases.find(({ phase }) => phase === 'announce')?.durationMs;
}

describe.each(['enable', 'hooks'] as const)('a shutdown by signal, with the line "%s"', (line) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('announces when %s comes from a platform', async (signal) => {
    await using program = startApplication({ line, options });
    await program.event('listening');

    program.signal(signal);

    expect(await announcedForMs(program)).toBeGreaterThanOrEqual(options.announceDelayMs);
  });

  it('does not announce when Ctrl-C is pressed in a terminal', async () => {
    await using program = startApplication({ line, options }, { terminal: true });
    await program.event('listening');

    program.type('\x03');

    expect(await announcedForMs(program)).toBeLessThan(options.announceDelayMs);
  });
});
