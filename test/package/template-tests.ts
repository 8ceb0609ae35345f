import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePort } from '../support/services/server.js';
import { codeBlocks } from '../unit/docs/markdown.js';
import { Program } from '../support/process/program.js';
import { pack, run } from './consumer.js';
import { editAsReadmeSays, makeProject } from './template.js';
import type { Template } from './template.js';

const INSTALLATION_MS = 400_000;
const COMMAND_MS = 120_000;

/** The builders of Nest beside the compiler; that of webpack does not support ES modules. */
const BUILDERS: Readonly<Record<Template['nest'], readonly string[]>> = {
  11: ['swc', 'webpack'],
  12: ['swc', 'rspack'],
};

/** What builders and bundlers need beside the template. */
const BUNDLERS = ['esbuild@0.28', '@vercel/ncc@0.45', '@swc/cli@0.8', '@swc/core@1.16.18'];
const TOOLS: Readonly<Record<Template['nest'], readonly string[]>> = {
  11: BUNDLERS,
  12: [...BUNDLERS, '@rspack/core@2', 'webpack-node-externals@3', 'tsconfig-paths-webpack-plugin@4'],
};

const folders: string[] = [];

/** Asks a program for `/` and ends it with SIGTERM; expects an answer and a clean exit. */
async function expectToServeAndDrain(cwd: string, file: string): Promise<void> {
  const port = await freePort();
  await using program = new Program(file, process.execPath, [file], {
    cwd,
    env: { PATH: process.env['PATH'], PORT: String(port), NODE_ENV: 'production', NO_COLOR: '1' },
  });
  await program.printed(/graceful shutdown on SIGTERM/);

  const [greeting, ready] = await Promise.all(
    ['', 'readyz'].map(async (path) => fetch(`http://127.0.0.1:${port}/${path}`)),
  );
  expect([greeting?.status, await greeting?.text(), ready?.status]).toEqual([200, 'Hello World!', 200]);
  program.signal('SIGTERM');

  const { code, signal, output } = await program.exited;
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(output).toMatch(/shutdown completed after/);
  expect(output).not.toMatch(/WARN|ERROR/);
}

/** Returns what the command in docs/platforms.md names as not to be bundled. */
function externals(): string[] {
  const commands = codeBlocks('docs/platforms.md', 'sh').map(({ code }) => code);
  return commands.flatMap((command) => command.match(/--external:\S+/g) ?? []);
}

/**
 * Bundles what the compiler has built into a folder where no package can be found.
 *
 * @returns that folder, and the file in it
 */
async function bundle(
  project: string,
  bundler: 'esbuild' | 'ncc',
  format: Template['format'],
): Promise<[string, string]> {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  folders.push(folder);
  if (bundler === 'ncc') {
    await run(project, 'npx', 'ncc', 'build', 'dist/main.js', '--minify', '--out', folder);
    if (format === 'cjs') await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }');
    return [folder, 'index.js'];
  }
  const file = format === 'esm' ? 'main.mjs' : 'main.cjs';
  await run(
    project,
    'npx',
    'esbuild',
    'dist/main.js',
    '--bundle',
    '--minify',
    '--platform=node',
    `--format=${format}`,
    `--outfile=${join(folder, file)}`,
    ...externals(),
    // As esbuild's documentation has it, for packages in CommonJS.
    ...(format === 'esm'
      ? [
          '--banner:js=import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
        ]
      : []),
  );
  return [folder, file];
}

/** Takes a template of `@nestjs/cli` from `nest new` to a drained SIGTERM, in each way in which it can be built. */
export function testTemplate(template: Template): void {
  const { nest, format } = template;
  let project: string;
  let warnings: readonly string[];

  beforeAll(async () => {
    ({ project, warnings } = await makeProject(template, await pack(), TOOLS[nest]));
    editAsReadmeSays(project);
    await run(project, 'npm', 'run', 'build');
  }, INSTALLATION_MS);

  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  it('takes the command of README.md without a warning', () => {
    expect(warnings).toEqual([]);
  });

  it('serves and drains as built by the compiler', async () => {
    await expectToServeAndDrain(project, 'dist/main.js');
  });

  it.each(['test', 'test:e2e'])(
    'passes its own tests: npm run %s',
    async (script) => {
      expect(await run(project, 'npm', 'run', script)).toMatch(/Tests.*1 passed/);
    },
    COMMAND_MS,
  );

  // A program with an await at its top level cannot be CommonJS.
  const formats: readonly Template['format'][] = format === 'esm' ? ['esm'] : ['cjs', 'esm'];

  it.each(formats)(
    'serves and drains as a minified bundle of esbuild: %s',
    async (bundleFormat) => {
      await expectToServeAndDrain(...(await bundle(project, 'esbuild', bundleFormat)));
    },
    COMMAND_MS,
  );

  it(
    'serves and drains as a minified bundle of ncc',
    async () => {
      await expectToServeAndDrain(...(await bundle(project, 'ncc', format)));
    },
    COMMAND_MS,
  );

  // These replace what the compiler has built.
  it.each(BUILDERS[nest])(
    'serves and drains as built by %s',
    async (builder) => {
      await run(project, 'npx', 'nest', 'build', '--builder', builder, '--path', 'tsconfig.build.json');
      await expectToServeAndDrain(project, 'dist/main.js');
    },
    COMMAND_MS,
  );
}
