import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { leftOut } from './find-tools.mjs';

/**
 * Tells which spec files a run left out, and why. Jest calls it after its summary, which it prints after whatever
 * a reporter has to say.
 *
 * @param {import('@jest/types').Config.GlobalConfig} run
 */
export default function tellLeftOut({ rootDir, testPathPatterns }) {
  const tools = leftOut();
  const asked = testPathPatterns.toExecutor({ rootDir });
  const lines = specFiles(rootDir).flatMap((file) => {
    const needs = tools.filter(({ files }) => new RegExp(files).test(file)).map(({ need }) => need);
    return needs.length > 0 && asked.isMatch(join(rootDir, file))
      ? [`Left out: ${file}: needs ${needs.join(' and ')}`]
      : [];
  });
  if (lines.length > 0) console.error(`\n${lines.join('\n')}`);
}

/** @param {string} rootDir */
function specFiles(rootDir) {
  return readdirSync(join(rootDir, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.spec.ts') && !path.includes('node_modules'))
    .map((path) => `test/${path}`)
    .toSorted();
}
