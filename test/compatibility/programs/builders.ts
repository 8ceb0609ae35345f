import type { ProgramGroup } from '../program-row.js';

const TEMPLATES = 'test/package/template-tests.ts';
const MANAGERS = 'test/package/package-managers.spec.ts';
const OF_BOTH = ['package/nest-11-template.spec.ts', 'package/nest-12-template.spec.ts'];

export const BUILDERS: ProgramGroup = {
  title: 'Builders, bundlers and package managers',
  programs: [
    {
      name: 'swc',
      version: { package: '@swc/core', pinnedIn: TEMPLATES },
      found: '`nest build --builder swc`, on Nest 11 and 12.',
      write: 'Nothing.',
      limits: '-',
      specs: OF_BOTH,
      proof: "'swc'",
    },
    {
      name: 'webpack',
      version: { from: 'that of `@nestjs/cli` 11' },
      found: '`nest build --builder webpack`, on Nest 11.',
      write: 'Nothing.',
      limits: 'Nest 12, whose webpack builder does not support ES modules.',
      specs: ['package/nest-11-template.spec.ts'],
      proof: "'webpack'",
    },
    {
      name: 'Rspack',
      version: { package: '@rspack/core', pinnedIn: TEMPLATES },
      found: '`nest build --builder rspack`, on Nest 12.',
      write: 'Nothing.',
      limits: '-',
      specs: ['package/nest-12-template.spec.ts'],
      proof: "'rspack'",
    },
    {
      name: 'esbuild',
      version: { package: 'esbuild', pinnedIn: TEMPLATES },
      found: 'One minified file, in CommonJS or ES modules, without `node_modules`.',
      write: 'The packages that are not bundled: [Bundles](platforms.md#bundles).',
      limits:
        'Metadata of decorators: bundle what the compiler has written. Names of classes in the log, when minified.',
      specs: OF_BOTH,
      proof: "'esbuild'",
    },
    {
      name: 'ncc',
      version: { package: '@vercel/ncc', pinnedIn: TEMPLATES },
      found: 'One minified file, without `node_modules`.',
      write: 'Nothing.',
      limits: 'Names of classes in the log, when minified.',
      specs: OF_BOTH,
      proof: "'ncc'",
    },
    {
      name: 'Jest',
      version: { from: 'that of the template of `@nestjs/cli` 11' },
      found: 'The tests of the template, with ts-jest.',
      write: 'Nothing.',
      limits: '-',
      specs: ['package/nest-11-template.spec.ts'],
      proof: "'test:e2e'",
    },
    {
      name: 'Vitest',
      version: { from: 'that of the template of `@nestjs/cli` 12' },
      found: 'The tests of the template.',
      write: 'Nothing.',
      limits: '-',
      specs: ['package/nest-12-template.spec.ts'],
      proof: "'test:e2e'",
    },
    {
      name: 'pnpm',
      version: { package: 'pnpm', pinnedIn: MANAGERS },
      found: 'Its strict `node_modules`, with `--strict-peer-dependencies`.',
      write: 'Nothing.',
      limits: '-',
      specs: ['package/package-managers.spec.ts'],
      proof: 'pnpm@',
    },
    {
      name: 'Yarn',
      version: { package: '@yarnpkg/cli-dist', pinnedIn: MANAGERS },
      found: "Plug'n'Play.",
      write: 'Nothing.',
      limits: '-',
      specs: ['package/package-managers.spec.ts'],
      proof: '@yarnpkg/cli-dist@',
    },
  ],
};
