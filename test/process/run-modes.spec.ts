import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Program, root } from '../support/process/program.js';

const require = createRequire(import.meta.url);
const nodemon = require.resolve('nodemon/bin/nodemon.js');
const tsx = require.resolve('tsx/cli');

let folder: string;
let program: Program | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-mode-'));
  writeFileSync(
    join(folder, 'package.json'),
    '{ "type": "module", "scripts": { "start": "exec node main.mjs" } }',
  );
  writeMain();
});

afterEach(async () => {
  await program?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the application, which is that of `test/fixtures`; once more, it is a change that a watcher sees. */
function writeMain(comment = ''): void {
  const main = `import '${pathToFileURL(root).href}dist-test/fixtures/main.js';\n// ${comment}\n`;
  for (const name of ['main.mjs', 'main.ts']) writeFileSync(join(folder, name), main);
}

/** Runs a command in the folder of the application; resolves when it listens. */
async function run(command: string, ...args: readonly string[]): Promise<{ pid: number; url: string }> {
  program = new Program(command, command, args, {
    cwd: folder,
    env: { PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter), HOME: folder },
  });
  return nextListening();
}

/** Resolves when a process listens that did not before. */
async function nextListening(...earlier: readonly number[]): Promise<{ pid: number; url: string }> {
  const { pid, url } = await program!.event('listening', (event) => !earlier.includes(Number(event['pid'])));
  return { pid: Number(pid), url: String(url) };
}

async function slowRequest(url: string, pid: number): Promise<Promise<Response>[]> {
  const response = fetch(`${url}/slow?ms=700`);
  await program!.event('request', (event) => event['pid'] === pid);
  return [response];
}

describe('a SIGTERM for the starter alone', () => {
  it.each([
    ['node', process.execPath, ['main.mjs']],
    ['npm start, where the script begins with exec', 'npm', ['start']],
    ['tsx', process.execPath, [tsx, 'main.ts']],
  ] as const)(
    'reaches the application, and the starter ends with its exit code: %s',
    async (_name, command, args) => {
      const { url, pid } = await run(command, ...args);
      const [response] = await slowRequest(url, pid);

      program!.signal('SIGTERM');

      expect((await response!).status).toBe(200);
      expect(await program!.exited).toMatchObject({ code: 0, signal: null });
      expect(await program!.event('report')).toMatchObject({
        report: { status: 'completed', reason: { signal: 'SIGTERM' }, cuts: [] },
      });
    },
  );
});

describe('a changed file', () => {
  it.each([
    ['node --watch', [process.execPath, '--watch', 'main.mjs'], 'SIGTERM'],
    ['nodemon', [process.execPath, nodemon, '--quiet', 'main.mjs'], 'SIGUSR2'],
    [
      'nodemon --signal SIGTERM',
      [process.execPath, nodemon, '--quiet', '--signal', 'SIGTERM', 'main.mjs'],
      'SIGTERM',
    ],
    ['tsx watch', [process.execPath, tsx, 'watch', 'main.ts'], 'SIGTERM'],
  ] as const)(
    'lets requests in flight finish before the next process starts: %s',
    async (_name, command, signal) => {
      const [file, ...args] = command;
      const { url, pid } = await run(file, ...args);
      const [response] = await slowRequest(url, pid);

      writeMain('changed');

      expect((await response!).status).toBe(200);
      expect(await program!.event('report', (event) => event['pid'] === pid)).toMatchObject({
        report: { status: 'completed', reason: { signal }, cuts: [] },
      });
      const next = await nextListening(pid);
      expect((await fetch(`${next.url}/quick`)).status).toBe(200);
      program!.signal('SIGINT');
      expect(await program!.event('report', (event) => event['pid'] === next.pid)).toMatchObject({
        report: { status: 'completed', cuts: [] },
      });
      await program!.exited;
    },
  );
});
