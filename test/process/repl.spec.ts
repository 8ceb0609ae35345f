import { describe, expect, it, jest } from '@jest/globals';
import { start, type StartOptions } from '../support/process/program.js';

type Nest = NonNullable<StartOptions['nest']>;

// Each of these tests starts two programs.
jest.setTimeout(60_000);

const LINES = [
  '$(Orders)',
  '$(Orders).count()',
  'methods(Orders)',
  'Object.keys($(Orders))',
  'get("nothing")',
  'await resolve(Orders)',
  '.exit',
];

/** What Nest's REPL printed, its log apart, and how it ended. */
async function session(nest: Nest, lines: readonly string[], isBare: boolean): Promise<object> {
  await using program = start('fixtures/repl-main', {
    nest,
    input: true,
    env: { NO_COLOR: '1', BARE: String(isBare), HOME: '/nonexistent' },
  });
  program.type(lines.map((line) => `${line}\n`).join(''));
  program.endInput();
  const { code, signal, output } = await program.exited;
  return { code, signal, printed: output.replaceAll(/\[Nest\].*\n/g, '') };
}

describe.each<Nest>([12, 11, '11.0'])("Nest's REPL on Nest %s, with the module", (nest) => {
  it.each([
    ['.exit', LINES],
    ['the end of its input', LINES.slice(0, -1)],
  ])('prints and runs what it does without, and ends with it: %s', async (_, lines) => {
    const [bare, withModule] = await Promise.all([true, false].map((isBare) => session(nest, lines, isBare)));

    expect(withModule).toEqual(bare);
    expect(bare).toMatchObject({ code: 0, signal: null, printed: expect.stringContaining('42') });
  });
});
