import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const A_SPEC = 'test/unit/core/reason.spec.ts';
const SPECS = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.spec.ts') && !path.includes('node_modules'))
  .map((path) => `test/${path}`)
  .toSorted();
/** Those that have the word for a tool in their names; the file system `/proc` is there without any program. */
const NEEDY = SPECS.filter((path) => /\.\w+\.spec\.ts$/.test(path) && !/^[^.]*\.proc\.spec\.ts$/.test(path));

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'bin-'));
});
afterEach(() => rmSync(bin, { recursive: true }));

/** Runs Jest where the programs of one folder are all there is: none, to begin with. */
function jest(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, 'node_modules/jest/bin/jest.js', ...args],
    { cwd: ROOT, env: { PATH: bin, ...env }, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const afterSummary = stderr
    .split(/^Ran all test suites.*\n/m)[1]
    ?.trim()
    .split('\n')
    .filter(Boolean);
  return { status, stdout, stderr, afterSummary };
}

function listed(env?: Readonly<Record<string, string>>): readonly string[] {
  const paths = jest(['--listTests'], env).stdout.trim().split('\n');
  return [...new Set(paths.map((path) => relative(ROOT, path)))].toSorted();
}

describe('where there is nothing but Node', () => {
  it('the specs that need a tool are left out, and no other', () => {
    expect(NEEDY).toContain('test/process/report-page.chromium.spec.ts');
    expect(listed()).toEqual(SPECS.filter((path) => !NEEDY.includes(path)));
  });

  it('each of them is named after the summary, with how to get what it needs', () => {
    const { status, afterSummary } = jest([A_SPEC, ...NEEDY]);

    expect(status).toBe(0);
    expect(afterSummary?.map((line) => line.split(': ')[1])).toEqual(NEEDY);
    expect(afterSummary).toEqual(
      expect.arrayContaining([
        'Left out: test/process/report-page.chromium.spec.ts: needs Chromium (apt-get install chromium)',
        'Left out: test/services/resources.postgres.redis.spec.ts: needs PostgreSQL (apt-get install postgresql util-linux) ' +
          'and Redis (apt-get install redis-server util-linux)',
      ]),
    );
  });

  it('those that were not asked for are not named', () => {
    expect(jest([A_SPEC])).toMatchObject({ status: 0, afterSummary: [] });
  });

  it('none is left out where all tools are required: they fail, and say how to get them', () => {
    const required = { REQUIRE_TOOLS: '1' };

    expect(listed(required)).toEqual(SPECS);
    const { status, stderr, afterSummary } = jest(['--runInBand', ...NEEDY], required);
    expect([status, afterSummary]).toEqual([1, []]);
    const [, ...failures] = stderr.split(/^FAIL \S+ (?=test)/m);
    expect(failures.map((text) => text.replace(/\s[^]*/, '')).toSorted()).toEqual(NEEDY);
    expect(failures.filter((text) => !text.includes('this needs '))).toEqual([]);
    expect(stderr).toContain('this needs promtool (apt-get install prometheus): there is no promtool');
  });
});

it.each([
  ['works', 'exit 0', true],
  ['is not permitted', 'echo Operation not permitted >&2; exit 1', false],
])('PID namespaces are tried: with an unshare that %s', (_how, line, isListed) => {
  writeFileSync(join(bin, 'unshare'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });

  expect(listed().includes('test/process/pid-1.unshare.spec.ts')).toBe(isListed);
});
