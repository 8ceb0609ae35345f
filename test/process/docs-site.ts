import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The site is published below a path. */
const BASE = '/nestjs-drain/';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.yaml': 'text/yaml',
  '.json': 'application/json',
};

/** The documentation, built and served. */
export interface DocsSite {
  readonly url: string;
  /** Returns a sentence for each link that leads nowhere. */
  brokenLinks(): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Builds the site into a temporary folder, and serves it. */
export async function buildSite(): Promise<DocsSite> {
  const folder = mkdtempSync(join(tmpdir(), 'docs-site-'));
  const vitepress = join(ROOT, 'node_modules/vitepress/bin/vitepress.js');
  const build = spawn(process.execPath, [vitepress, 'build', 'docs', '--outDir', folder], {
    cwd: ROOT,
    env: { ...process.env, DOCS_BASE: BASE, NODE_ENV: 'production' },
  });
  let output = '';
  for (const stream of [build.stdout, build.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(build, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the site was not built:\n${output}`);

  const server = createServer(({ url = '' }, response) => {
    const file = fileOf(new URL(url, 'http://localhost').pathname, folder);
    if (file === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', TYPES[extname(file)] ?? 'image/x-icon').end(readFileSync(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
    brokenLinks: () => brokenLinksIn(folder),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Returns the file behind a path, `undefined` if there is none. */
function fileOf(path: string, folder: string): string | undefined {
  if (!path.startsWith(BASE)) return undefined;
  const name = decodeURIComponent(path.slice(BASE.length));
  const file = join(folder, name === '' || name.endsWith('/') ? `${name}index.html` : name);
  return existsSync(file) ? file : undefined;
}

function brokenLinksIn(folder: string): string[] {
  const anchors = new Map<string, Set<string>>();
  const anchorsOf = (file: string): Set<string> => {
    const known = anchors.get(file) ?? new Set(attributesIn(file, 'id'));
    anchors.set(file, known);
    return known;
  };
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.html'),
  );
  return pages.flatMap((page) =>
    [...new Set(attributesIn(join(folder, page), 'href'))].flatMap((href) => {
      if (/^\w+:/.test(href)) return [];
      const [path = '', hash = ''] = href.split('#');
      const from = posix.join(BASE, page);
      const file = fileOf(
        path === '' ? from : posix.resolve(posix.dirname(from), path) + (path.endsWith('/') ? '/' : ''),
        folder,
      );
      if (file === undefined) return [`${page} links to ${href}, which is not there`];
      const isMissing =
        hash !== '' && file.endsWith('.html') && !anchorsOf(file).has(decodeURIComponent(hash));
      return isMissing ? [`${page} links to ${href}, which has no such anchor`] : [];
    }),
  );
}

function attributesIn(file: string, attribute: string): string[] {
  const values = readFileSync(file, 'utf8').matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'));
  return [...values].map(([, value = '']) => value.replaceAll('&amp;', '&'));
}
