import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, run } from '../package/consumer.js';
import { commandOf, editAsReadmeSays, installArguments } from '../package/template.js';
import { Program } from '../support/process/program.js';
import { freePort } from '../support/services/server.js';
import type { Figure } from './figure.js';

/** Packages come from the cache of npm where it has them. */
const NPM = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };

/** Is answered half a second after it has told that it was asked. */
const SLOW_ROUTE = `
  @Get('slow')
  async getSlow(): Promise<string> {
    console.log('{ "event": "request" }');
    await new Promise((resolve) => setTimeout(resolve, 500));
    return 'done';
  }
`;

/** From `nest new` to a drained SIGTERM, as README.md says, on both major versions of Nest. */
export async function measure(): Promise<readonly Figure[]> {
  Object.assign(process.env, NPM);
  const tarball = await pack();
  const figures: Figure[] = [];
  for (const nest of [12, 11] as const) {
    const folder = await mkdtemp(join(tmpdir(), 'first-hour-'));
    try {
      figures.push(...(await measureOn(nest, folder, tarball)));
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return figures;
}

async function measureOn(nest: 11 | 12, folder: string, tarball: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  const beginAt = performance.now();
  const show = (what: string, since: number): number =>
    figures.push({
      what: `Nest ${nest}: ${what}`,
      measured: `${((performance.now() - since) / 1_000).toFixed(1)} s`,
    });
  const timed = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    const since = performance.now();
    const result = await act();
    show(what, since);
    return result;
  };

  const project = join(folder, 'orders');
  const creation = commandOf({ name: 'orders', nest });
  await timed('nest new, with npm install', () => run(folder, 'npx', '--yes', ...creation));
  await timed("README's npm install", () => run(project, 'npm', ...installArguments(nest, tarball)));
  await timed("README's lines, by a program", async () => editAsReadmeSays(project));
  await addSlowRoute(project);
  await timed('npm run build', () => run(project, 'npm', 'run', 'build'));

  const port = await freePort();
  await using program = new Program('orders', process.execPath, ['dist/main.js'], {
    cwd: project,
    env: { PATH: process.env['PATH'], PORT: String(port), NODE_ENV: 'production' },
  });
  await timed('start to listening', () => program.printed(/graceful shutdown on SIGTERM/));
  const slow = fetch(`http://127.0.0.1:${port}/slow`);
  await program.event('request');
  const { code, status } = await timed('SIGTERM in a request to the exit', async () => {
    program.signal('SIGTERM');
    const exited = program.exited.then((exit) => exit.code);
    return { status: (await slow).status, code: await exited };
  });
  show('all of it', beginAt);
  figures.push({
    what: `Nest ${nest}: what the client and the process got`,
    measured: `status ${status}, exit code ${code}`,
    promised: 'an answer and 0',
    isKept: status === 200 && code === 0,
  });
  return figures;
}

async function addSlowRoute(project: string): Promise<void> {
  const file = join(project, 'src/app.controller.ts');
  const text = await readFile(file, 'utf8');
  const extended = text.replace('\n  @Get()\n', `${SLOW_ROUTE}\n  @Get()\n`);
  if (extended === text) throw new Error(`${file} has no route that a second one could be put beside`);
  await writeFile(file, extended);
}
