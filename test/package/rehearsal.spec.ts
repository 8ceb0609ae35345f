import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { installInto, pack, run } from './consumer.js';

const INSTALLATION_MS = 300_000;
const TESTS_MS = 600_000;

let folder: string;

beforeAll(async () => {
  folder = await installInto('rehearsal', await pack());
}, INSTALLATION_MS);

/** What a test runner prints where one of three tests fails. */
async function failing(...command: string[]): Promise<string> {
  const [program = '', ...args] = command;
  const output = await run(folder, program, ...args).then(
    () => 'no test failed',
    (error: unknown) => String(error),
  );
  return stripVTControlCharacters(output);
}

describe('a rehearsal in a test', () => {
  it.each([
    ['Jest', ['npx', '--no-install', 'jest'], /Tests: +1 failed, 2 passed, 3 total/],
    ['Vitest', ['npx', '--no-install', 'vitest', 'run'], /Tests +1 failed \| 2 passed \(3\)/],
  ])(
    'passes with %s where nothing is lost, and fails with the verdicts where something is',
    async (_, command, counts) => {
      const output = await failing(...command);

      expect(output).toMatch(counts);
      expect(output).toContain('The deploy was not clean:');
      expect(output).toMatch(/BROKEN +new connections are accepted until traffic stops +\d+ refused/);
      expect(output).toContain(
        'to fix it: keep the port open and go on serving until balancers have stopped sending',
      );
    },
    TESTS_MS,
  );
});
