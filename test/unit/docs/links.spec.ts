import { existsSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SIDEBAR } from '../../../docs/.vitepress/sidebar.js';
import { read, ROOT, withoutCode } from './markdown.js';

const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** What a document links to in the repository, relative to the root; with the heading, if one is named. */
function linksOf(path: string): { readonly target: string; readonly heading: string | undefined }[] {
  return [...withoutCode(read(path)).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(
    ([, file = '', heading]) => ({
      target: file === '' ? path : posix.join(posix.dirname(path), file),
      heading,
    }),
  );
}

/** The names by which GitHub links to places in a document: its headings, the second of a name with `-1`, and its anchors. */
function placesIn(path: string): string[] {
  const text = withoutCode(read(path));
  const counts = new Map<string, number>();
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const name = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
  return [...headings, ...[...text.matchAll(/<a id="([^"]*)"/g)].map(([, id = '']) => id)];
}

describe('a link', () => {
  it.each(documents)('of %s leads somewhere', (path) => {
    const broken = linksOf(path).filter(
      ({ target, heading }) =>
        !existsSync(ROOT + target) ||
        (heading !== undefined && target.endsWith('.md') && !placesIn(target).includes(heading)),
    );
    expect(broken).toEqual([]);
  });

  it('leads to every guide from the sidebar of the site', () => {
    const linked = SIDEBAR.flatMap(({ items }) => items).map(({ link }) => `${link.slice(1)}.md`);
    const guides = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md') && name !== 'index.md');
    expect(guides.filter((name) => !linked.includes(name))).toEqual([]);
  });

  it('leads to every decision from their index, by its title', () => {
    const decisions = readdirSync(`${ROOT}docs/decisions`).filter((name) => /^\d/.test(name));
    const links = decisions.toSorted().map((name) => {
      const [, title] = /^# (.*)$/m.exec(read(`docs/decisions/${name}`)) ?? [];
      return `[${title}](${name})`;
    });
    const linked = [...read('docs/decisions/README.md').matchAll(/\[[^\]]*\]\([^)]*\)/g)].map(
      ([link]) => link,
    );
    expect(linked).toEqual(links);
  });
});
