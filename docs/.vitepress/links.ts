import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Documents of the root that are pages of the site, by the name of their page. */
export const ROOT_PAGES: Readonly<Record<string, string>> = {
  readme: 'README.md',
  changelog: 'CHANGELOG.md',
  contributing: 'CONTRIBUTING.md',
  security: 'SECURITY.md',
};

/** Where the files of the repository can be read; `undefined` if that is not known. */
function repositoryUrl(): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (server !== undefined && name !== undefined) return `${server}/${name}`;
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly repository?: { readonly url?: string };
  };
  return manifest.repository?.url?.replace(/^git\+/, '').replace(/\.git$/, '');
}

const REPOSITORY = repositoryUrl();

/**
 * Returns where a link of a document leads on the site, `undefined` if it leads nowhere there.
 *
 * @param from the document, relative to the root of the repository
 */
export function siteLink(link: string, from: string): string | undefined {
  if (/^(\w+:|#)/.test(link)) return link;
  const [, path = '', hash = ''] = /^([^#]*)(#.*)?$/.exec(link) ?? [];
  const target = posix.join(posix.dirname(from), path);
  const page = Object.entries(ROOT_PAGES).find(([, document]) => document === target)?.[0];
  if (page !== undefined) return `/project/${page}${hash}`;
  if (!target.startsWith('docs/')) {
    return REPOSITORY === undefined ? undefined : `${REPOSITORY}/blob/main/${target}${hash}`;
  }
  return `/${target.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md')}${hash}`;
}

/** Returns the anchor of a heading, as GitHub makes it, so that links hold in both places. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}
