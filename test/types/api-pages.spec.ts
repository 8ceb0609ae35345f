import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The pages of a folder, by their paths in it. */
function pagesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

it('docs/api says what the TSDoc says; if not: npm run docs:api', () => {
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  try {
    execFileSync(process.execPath, ['node_modules/typedoc/bin/typedoc', '--out', folder], { cwd: root });

    expect(pagesIn(join(root, 'docs/api'))).toEqual(pagesIn(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
