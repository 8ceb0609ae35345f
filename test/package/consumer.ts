import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = `${root}test/package/consumers/`;
const cache = `${root}.test-cache/`;

/** Runs a command to its end; rejects, with its output, when it fails. */
export async function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { cwd, maxBuffer: 64 * 2 ** 20 });
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}\n${stdout ?? ''}${stderr ?? ''}`, {
      cause: error,
    });
  }
}

/** Packs what `npm run build` has built; returns the path of the tarball, of which each worker of Jest has its own. */
export async function pack(): Promise<string> {
  const folder = `${cache}packed-${process.env['JEST_WORKER_ID'] ?? '0'}/`;
  mkdirSync(folder, { recursive: true });
  const output = await run(root, 'npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder);
  return folder + output.trim();
}

/**
 * Installs the tarball into a copy of a consumer, as its users would; returns the folder. What else it needs
 * stays there between runs, as long as its lock file is the same.
 *
 * @param common the folder of what it has in common with other consumers
 */
export async function installInto(consumer: string, tarball: string, common = 'shared'): Promise<string> {
  const folder = `${cache}${consumer}/`;
  const lock = 'package-lock.json';
  const isInstalled =
    existsSync(`${folder}node_modules/.package-lock.json`) &&
    readFileSync(folder + lock, 'utf8') === readFileSync(`${sources}${consumer}/${lock}`, 'utf8');
  for (const stale of isInstalled ? ['src', 'test', 'dist'] : ['']) {
    rmSync(folder + stale, { recursive: true, force: true });
  }
  cpSync(`${sources}${common}/`, folder, { recursive: true });
  cpSync(`${sources}${consumer}/`, folder, { recursive: true });

  const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
  if (!isInstalled) await run(folder, 'npm', 'ci', ...quiet);
  await run(folder, 'npm', 'install', '--no-save', '--strict-peer-deps', ...quiet, tarball);
  return folder;
}
