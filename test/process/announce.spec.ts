import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';
import { announcedForMs } from './announced-for.js';

const options = { gracePeriodMs: 20_000, announceDelayMs: 1_000 };

describe.each(['enable', 'hooks'] as const)('a shutdown by signal, with the line "%s"', (line) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('announces when %s comes from a platform', async (signal) => {
    await using program = startApplication({ line, options });
    await program.event('listening');

    program.signal(signal);

    expect(await announcedForMs(program)).toBeGreaterThanOrEqual(options.announceDelayMs);
  });
});
