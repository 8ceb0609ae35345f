import { beforeAll, expect, it } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';
import { startApplication } from '../support/process/application.js';
import { announcedForMs } from './announced-for.js';

const options = { gracePeriodMs: 20_000, announceDelayMs: 1_000 };

beforeAll(() => void requireTool('script'));

it.each(['enable', 'hooks'] as const)(
  'a shutdown does not announce when Ctrl-C is pressed in a terminal, with the line "%s"',
  async (line) => {
    await using program = startApplication({ line, options }, { terminal: true });
    await program.event('listening');

    program.type('\x03');

    expect(await announcedForMs(program)).toBeLessThan(options.announceDelayMs);
  },
);
