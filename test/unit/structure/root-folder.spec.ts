import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What the root of the repository has, beside what `.gitignore` names. */
const KNOWN = [
  '.ci',
  '.editorconfig',
  '.github',
  '.gitignore',
  '.oxlintrc.json',
  '.prettierignore',
  '.prettierrc',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'docs',
  'jest.config.js',
  'jest.fast.config.js',
  'nest-cli.json',
  'package-lock.json',
  'package.json',
  'report.schema.json',
  'scripts',
  'src',
  'test',
  'tsconfig.apps.json',
  'tsconfig.json',
  'tsconfig.lib.json',
  'typedoc.json',
];

it('has nothing in the root of the repository that a program has left there', () => {
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  const unknown = new Set(files.map((file) => file.split('/')[0]!).filter((name) => !KNOWN.includes(name)));

  expect(
    [...unknown].map(
      (name) =>
        `${name}: delete it and have what wrote it write to a temporary folder, or add it to KNOWN if it belongs here`,
    ),
  ).toEqual([]);
});
