import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from '../statistics.js';
import { LOSSES, PLATFORMS, spread, type Candidate, type Platform } from './candidate.js';
import { GRACE_MS } from './contender.js';
import { LOAD } from './load.js';
import { SLOWEST_MS } from './orders.js';

const PAGE = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url));

/** Writes what was measured into the documentation. */
export function writePage(candidates: readonly Candidate[], restarts: number): void {
  writeFileSync(
    PAGE,
    `# Benchmarks

This page is written by \`npm run bench -- peers\`. It ends one Nest application in ${candidates.length / PLATFORMS.length} ways, on Express and on Fastify, and
[rehearses](rehearsal.md) each of them: it sends requests, sends SIGTERM in the middle, and counts what clients lose. The packages
take turns within one run.

- **Application**: quick requests, requests that take 200 to ${SLOWEST_MS} ms, POSTs, downloads of 1 MB that are read over 400 ms, and four clients of
  an event stream. Every handler uses a provider that is destroyed in \`onModuleDestroy\`, and answers 500 from then on.
  The application ends no event stream itself.
- **Load**: ${LOAD.rate} requests a second from ${LOAD.durationMs / 1_000} second before SIGTERM until ${LOAD.lagMs / 1_000} second after readiness has fallen; until ${LOAD.lagMs / 1_000} second after SIGTERM where a
  package has no readiness route. Half of them use connections that are kept alive, half use new ones. The process is killed
  ${GRACE_MS / 1_000} seconds after SIGTERM.
- **Setup**: as the README of each package says, with the settings below. Where a package has a delay, it is longer than the requests go
  on; where it has none, the application does not add one.

## Results

Medians of ${restarts} ${restarts === 1 ? 'restart' : 'restarts'} each, with the smallest and the largest value in brackets. **Lost** is per restart, of the requests that ended
after SIGTERM.

${PLATFORMS.map((platform) => section(platform, candidates)).join('\n\n')}

Reading the columns:

- **Of bare Nest's**: the median loss in proportion to that of bare Nest on the same platform in the same run.
- **Refused**: nobody listened any more. **Reset**: the connection ended without an answer. **Truncated**: the answer broke off.
  **5xx**: 500 from the closed provider, or 503. **No answer**: none within ${GRACE_MS / 1_000} seconds, or another status.
- **Streams**: event streams that ended with a last chunk instead of a cut connection. A package that waits for them and does not end them
  takes all the time that it has.
- **Exit**: the exit code, the signal that ended the process, or that it was killed at the end of its ${GRACE_MS / 1_000} seconds.

## Settings

<!-- prettier-ignore -->
| Package | Version | Readiness route | Settings |
| --- | --- | --- | --- |
${settings(candidates)}

## Machine

${machine()}

## Run it yourself

\`\`\`sh
npm run bench -- peers
RESTARTS=5 PEERS='nestjs-drain,bare Nest' npm run bench -- peers
\`\`\`

The first command restarts each 30 times and rewrites this page. The second prints its results only, because it leaves some out. The other
packages are installed into \`test/bench/peers\` when they are first needed.
`,
  );
}

function section(platform: Platform, candidates: readonly Candidate[]): string {
  const here = candidates.filter((candidate) => candidate.platform === platform);
  const bare = here.find(({ contender }) => contender.name === 'bare Nest');
  const kinds = Object.keys(LOSSES);
  const rows = here.map((candidate) =>
    row([
      candidate.contender.name,
      `${spread(candidate.lost())} of ${spread(candidate.sent())}`,
      shareOf(candidate, bare),
      ...kinds.map((kind) => spread(candidate.lostAs(kind))),
      candidate.cleanStreams(),
      `${spread(candidate.exitSeconds(), 1)} s`,
      candidate.exits(),
    ]),
  );
  const heads = ['Lost', 'Of bare Nest’s', ...kinds.map(capitalised), 'Streams', 'To exit', 'Exit'];
  return [
    `### ${platform}`,
    '',
    '<!-- prettier-ignore -->',
    row(['', ...heads]),
    row(['', ...heads].map(() => '---')),
    ...rows,
  ].join('\n');
}

function shareOf(candidate: Candidate, bare: Candidate | undefined): string {
  const whole = bare ? median(bare.lost()) : 0;
  return whole === 0 ? '–' : (median(candidate.lost()) / whole).toFixed(2);
}

function settings(candidates: readonly Candidate[]): string {
  const { dependencies } = packageJson('test/bench/peers/package.json');
  const contenders = candidates
    .filter(({ platform }) => platform === PLATFORMS[0])
    .map(({ contender }) => contender);
  return contenders
    .map(({ name, packageName, settings: set, ready }) => {
      const version =
        packageName === undefined ? '' : (dependencies?.[packageName] ?? installedVersion(packageName));
      return row([name, version, ready ? `\`${ready.path}\`` : 'none', set]);
    })
    .join('\n');
}

function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const versions = ['@nestjs/core', '@nestjs/platform-express', '@nestjs/platform-fastify']
    .map((name) => `${name} ${installedVersion(name)}`)
    .join(', ');
  return `${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, ${gigabytes} GB, ${type()} ${release()}, Node ${process.version};
${versions}. Load and application share the cores.`;
}

function installedVersion(name: string): string {
  return packageJson(`node_modules/${name}/package.json`).version ?? 'unknown';
}

function packageJson(path: string): { version?: string; dependencies?: Record<string, string> } {
  return createRequire(import.meta.url)(
    fileURLToPath(new URL(`../../../${path}`, import.meta.url)),
  ) as ReturnType<typeof packageJson>;
}

function capitalised(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
