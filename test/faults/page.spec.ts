import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { faultsPage } from './page.js';
import { TESTED_ELSEWHERE } from './tested-elsewhere.js';

describe('docs/faults.md', () => {
  it('says what the table says; if not: npm run docs:faults', async () => {
    const options = { ...(await resolveConfig('docs/faults.md')), filepath: 'docs/faults.md' };

    expect(readFileSync('docs/faults.md', 'utf8')).toBe(await format(faultsPage(), options));
  });

  it('names specs that are there', () => {
    expect(TESTED_ELSEWHERE.filter(({ spec }) => !existsSync(`test/${spec}`))).toEqual([]);
  });
});
