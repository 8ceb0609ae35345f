import { describe, expect, it } from '@jest/globals';
import { exportsOf, publicSubpaths } from './exports.js';
import { read, section, tableRows } from './markdown.js';

const PAGE = 'docs/exports.md';
const subpaths = publicSubpaths();
const exported = exportsOf(subpaths.map(({ file }) => file));

/** The rows of a subpath's table; none where its section has no table. */
function rowsOf(specifier: string): string[][] {
  const text = section(PAGE, specifier);
  return text.includes('\n|') ? tableRows(text) : [];
}

describe('docs/exports.md', () => {
  it('has a section for each subpath, and no other', () => {
    const headings = [...read(PAGE).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);

    expect(headings).toEqual(subpaths.map(({ specifier }) => specifier));
  });

  it.each(subpaths)('has every export of $specifier with its kind, and no other', ({ specifier, file }) => {
    const rows = rowsOf(specifier).map(([name, kind]) => `${name} ${kind}`);
    const exports = (exported.get(file) ?? []).map(({ name, kind }) => `\`${name}\` ${kind}`);

    expect(rows.toSorted()).toEqual(exports.toSorted());
  });

  it.each(subpaths)('says in one sentence who needs each export of $specifier', ({ specifier }) => {
    const unsaid = rowsOf(specifier).filter(([, , who = '']) => !/^[A-Z].*[^.]\.$/.test(who));

    expect(unsaid).toEqual([]);
  });

  it('finds what index files export: values, types and types of values', () => {
    expect(exported.get('src/index.ts')).toEqual(
      expect.arrayContaining([
        { name: 'ShutdownCoordinator', kind: 'class' },
        { name: 'OnShutdown', kind: 'function' },
        { name: 'LifetimeEvent', kind: 'enum' },
        { name: 'ShutdownReport', kind: 'interface' },
        { name: 'ShutdownPhase', kind: 'type' },
        { name: 'Deadline', kind: 'class (type only)' },
      ]),
    );
    expect(exported.get('src/early/index.ts')).toEqual([]);
  });
});
