import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../../scripts/check-release.mjs', import.meta.url));
const REPOSITORY = 'https://github.com/acme/nestjs-drain';
const PLACEHOLDER = ['OWNER', 'nestjs-drain'].join('/');
const CHANGELOG = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-30

### Fixed

- A request is answered.

## [1.2.2] - 2026-10-01

- Something else.
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Checks a repository with these files. */
function check(tag: string, { repository = REPOSITORY, changelog = CHANGELOG } = {}) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1.2.3', repository }));
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
  execFileSync('git', ['add', '.'], { cwd: folder });
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, tag], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout: stdout.trim(), problems: stderr.trim().split('\n').filter(Boolean) };
}

it('a release that lacks nothing prints the notes of its version', () => {
  expect(check('v1.2.3')).toEqual({
    status: 0,
    stdout: '### Fixed\n\n- A request is answered.',
    problems: [],
  });
});

it('everything that is missing is said at once', () => {
  const repository = REPOSITORY.replace('acme/nestjs-drain', PLACEHOLDER);
  const changelog = CHANGELOG.replace('[Unreleased]\n', '[Unreleased]\n\n- Forgotten.\n').replace(
    '2.3]',
    '2.30]',
  );

  expect(check('v1.2.4', { repository, changelog })).toEqual({
    status: 1,
    stdout: '',
    problems: [
      'the tag is "v1.2.4", package.json says 1.2.3',
      'CHANGELOG.md has nothing under "## [1.2.4] - YYYY-MM-DD"',
      'CHANGELOG.md still has entries under Unreleased',
      `package.json still names the repository ${PLACEHOLDER}`,
    ],
  });
});
