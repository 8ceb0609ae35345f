import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Tool what some tests need beside Node and npm
 * @property {string} name
 * @property {string} [packages] those of Debian that it is in
 * @property {string} [install] the command that installs it, where Debian has none
 * @property {string} [condition] what else it takes
 * @property {() => string} find returns the path of its program; throws where that is missing or does not work
 */

/** Runs a command as PID 1 in a PID namespace of its own. */
export const AS_PID_1 = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];

/** Where Debian and its like put each version of PostgreSQL. */
const POSTGRES_ROOT = '/usr/lib/postgresql';

/** Where they put the programs of RabbitMQ itself. */
const RABBITMQ_ROOT = '/usr/lib/rabbitmq/bin';

const LOADING_RDKAFKA = ['python3', '-c', "import ctypes; ctypes.CDLL('librdkafka.so.1')"];

/** Where they put servers, beside the folders of PATH. */
const SBIN = ['/usr/sbin'];

/**
 * By the words that stand for them in the names of spec files: `report-page.chromium.spec.ts` needs Chromium.
 *
 * @type {Readonly<Record<string, Tool>>}
 */
const TOOLS = {
  chromium: {
    name: 'Chromium',
    packages: 'chromium',
    find: () => findProgram(['chromium', 'chromium-browser', 'google-chrome']),
  },
  promtool: { name: 'promtool', packages: 'prometheus', find: () => findProgram(['promtool']) },
  proc: {
    name: 'the file system /proc',
    packages: 'mount',
    condition: 'Linux',
    find: () => findProgram(['children'], [], [`/proc/self/task/${process.pid}`]),
  },
  ps: {
    name: 'the command ps',
    packages: 'procps',
    find: () => tryCommand(['ps', '-A', '-o', 'pid,ppid']),
  },
  script: {
    name: 'the command script',
    packages: 'bsdutils',
    find: () => tryCommand(['script', '--quiet', '--return', '--command', 'true', '/dev/null']),
  },
  openssl: { name: 'openssl', packages: 'openssl', find: () => tryCommand(['openssl', 'version']) },
  bun: runtime('Bun', 'bun'),
  deno: runtime('Deno', 'deno'),
  tini: { name: 'tini', packages: 'tini', find: () => findProgram(['tini']) },
  dumbinit: { name: 'dumb-init', packages: 'dumb-init', find: () => findProgram(['dumb-init']) },
  unshare: {
    name: 'PID namespaces',
    packages: 'util-linux',
    condition: 'root or user namespaces; in Docker: --cap-add SYS_ADMIN --security-opt seccomp=unconfined',
    find: () => tryCommand([...AS_PID_1, 'true']),
  },
  haproxy: { name: 'HAProxy', packages: 'haproxy', find: () => findProgram(['haproxy'], SBIN_BESIDE_BIN) },
  nginx: { name: 'nginx', packages: 'nginx', find: () => findProgram(['nginx'], SBIN_BESIDE_BIN) },
  postgres: {
    name: 'PostgreSQL',
    packages: 'postgresql util-linux',
    find: () => findServer('postgres', versionsIn(POSTGRES_ROOT)),
  },
  redis: { name: 'Redis', packages: 'redis-server util-linux', find: () => findServer('redis-server') },
  rabbitmq: {
    name: 'RabbitMQ',
    packages: 'rabbitmq-server util-linux',
    // Not the one in PATH, which runs as a user of its own and writes to /var.
    find: () => findServer('rabbitmq-server', [RABBITMQ_ROOT], []),
  },
  nats: { name: 'NATS', packages: 'nats-server util-linux', find: () => findServer('nats-server', SBIN) },
  mosquitto: {
    name: 'Mosquitto',
    packages: 'mosquitto util-linux',
    find: () => findServer('mosquitto', SBIN),
  },
  kafka: {
    name: 'the Kafka broker of librdkafka',
    packages: 'librdkafka1 python3 util-linux',
    // Not the one in PATH, which may be in a home folder: servers run as a user of their own.
    find: () => tryCommand(LOADING_RDKAFKA, findServer('python3', ['/usr/bin'], [])),
  },
};

const FOLDERS_OF_PATH = (process.env['PATH'] ?? '').split(delimiter);

/** Where servers are that this package itself starts, as it looks for them. */
const SBIN_BESIDE_BIN = FOLDERS_OF_PATH.map((folder) => folder.replace(/\/bin\/?$/, '/sbin'));

/**
 * @param {readonly string[]} names of which one is enough
 * @param {readonly string[]} [furtherFolders] to look in beside those of PATH
 */
function findProgram(names, furtherFolders = [], foldersOfPath = FOLDERS_OF_PATH) {
  const folders = [...foldersOfPath, ...furtherFolders];
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`there is no ${names.join(', no ')}`);
  return path;
}

/**
 * @param {string} name
 * @param {readonly string[]} [furtherFolders]
 * @param {readonly string[]} [foldersOfPath]
 */
function findServer(name, furtherFolders, foldersOfPath) {
  // The tests start servers with it.
  findProgram(['setpriv']);
  return findProgram([name], furtherFolders, foldersOfPath);
}

/** @param {string} root */
function versionsIn(root) {
  return existsSync(root) ? readdirSync(root).map((version) => `${root}/${version}/bin`) : [];
}

/**
 * @param {readonly string[]} command one that does nothing, yet fails where the tool is of no use
 * @param {string} [path] of its program
 */
function tryCommand([name, ...args], path = findProgram([name])) {
  const { status, stderr, error } = spawnSync(path, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 10_000,
  });
  if (status !== 0) throw new Error(error?.message ?? stderr.trim());
  return path;
}

/**
 * @param {string} name
 * @param {string} command
 * @returns {Tool}
 */
function runtime(name, command) {
  return {
    name,
    install: 'npm ci --prefix test/runtimes',
    condition: 'test/runtimes/node_modules/.bin in PATH',
    find: () => findProgram([command]),
  };
}

/** @param {Tool} tool */
function need({ name, packages, install = `apt-get install ${packages}`, condition }) {
  return `${name} (${install}${condition ? `, and ${condition}` : ''})`;
}

/**
 * The path of a tool's program, for a test that cannot do without.
 *
 * @param {string} word
 */
export function requireTool(word) {
  const tool = TOOLS[word];
  try {
    return tool.find();
  } catch (error) {
    throw new Error(`this needs ${need(tool)}: ${error.message}`, { cause: error });
  }
}

/** The words of the tools that this machine lacks. */
function missingTools() {
  return Object.keys(TOOLS).filter((word) => {
    try {
      TOOLS[word].find();
      return false;
    } catch {
      return true;
    }
  });
}

/** Debian's packages of the tools that this machine lacks. */
export function missingPackages() {
  return [...new Set(missingTools().flatMap((word) => TOOLS[word].packages?.split(' ') ?? []))];
}

/**
 * What a run of the tests leaves out: nothing where REQUIRE_TOOLS is 1.
 *
 * @returns {{ files: string, need: string }[]} a regular expression for paths of spec files, and what they need
 */
export function leftOut() {
  if (process.env['REQUIRE_TOOLS'] === '1') return [];
  return missingTools().map((word) => ({
    files: String.raw`\.${word}\.([^/]+\.)?spec\.ts$`,
    need: need(TOOLS[word]),
  }));
}
