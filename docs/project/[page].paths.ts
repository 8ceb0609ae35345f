import { readFileSync } from 'node:fs';
import { ROOT_PAGES } from '../.vitepress/links.js';

export default {
  paths: () =>
    Object.entries(ROOT_PAGES).map(([page, document]) => ({
      params: { page },
      content: readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8'),
    })),
};
