import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { anchorOf, ROOT_PAGES, siteLink } from './links.js';
import { SIDEBAR } from './sidebar.js';

/** Pages of wide tables, which take the place of the outline. */
const WIDE = ['options.md', 'compatibility.md', 'exports.md', 'decisions/index.md'];

export default defineConfig({
  title: 'nestjs-drain',
  description: 'Graceful shutdown for NestJS',
  lang: 'en',
  base: process.env['DOCS_BASE'] ?? '/',
  cleanUrls: false,
  rewrites: { 'api/README.md': 'api/index.md', 'decisions/README.md': 'decisions/index.md' },
  markdown: {
    anchor: { slugify: anchorOf },
    config(markdown) {
      // Before the renderer of VitePress, which expects links within the site.
      markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
        const { relativePath } = env as { readonly relativePath: string };
        const page = /^project\/(.*)\.md$/.exec(relativePath)?.[1];
        const from = (page !== undefined && ROOT_PAGES[page]) || `docs/${relativePath}`;
        for (const { children } of tokens) {
          for (const token of children ?? []) {
            const href = token.type === 'link_open' ? token.attrGet('href') : null;
            if (href === null) continue;
            const link = siteLink(href, from);
            if (link === undefined) token.attrs = (token.attrs ?? []).filter(([name]) => name !== 'href');
            else token.attrSet('href', link);
          }
        }
      });
    },
  },
  themeConfig: {
    outline: [2, 3],
    nav: SIDEBAR.map(({ text, items }) => ({ text, link: items[0]!.link })),
    sidebar: SIDEBAR,
    search: { provider: 'local' },
  },
  transformPageData(page) {
    if (WIDE.includes(page.relativePath)) page.frontmatter['aside'] = false;
  },
  buildEnd({ srcDir, outDir }) {
    // Guides link to the manifests, rules and dashboards beside them.
    for (const name of readdirSync(srcDir).filter((file) => /\.(yaml|json)$/.test(file))) {
      copyFileSync(join(srcDir, name), join(outDir, name));
    }
  },
});
