import { fileURLToPath } from 'node:url';
import { rehearseOnce } from '#rehearsal/rehearse-once.js';
import type { RehearsalPlan } from '#rehearsal/plan.js';
import { installLocked } from '../../scripts/install-locked.mjs';
import { freePort } from '../support/services/server.js';
import { GRACE_MS, type Contender } from './contenders/contender.js';
import { CONTENDERS } from './contenders/contenders.js';
import { LOAD } from './contenders/load.js';
import { Candidate, PLATFORMS, type Platform } from './contenders/candidate.js';
import { writePage } from './contenders/page.js';
import type { Figure } from './figure.js';

const RESTARTS = Number(process.env['RESTARTS'] ?? 30);

/** What clients lose when the same application is ended by this package and by each other one, in turns. */
export async function measure(): Promise<readonly Figure[]> {
  const chosen = chosenContenders();
  const peers = fileURLToPath(new URL('../../test/bench/peers/', import.meta.url));
  if (installLocked(peers) !== 0) throw new Error(`npm could not install the packages of ${peers}`);
  // Development is another matter: some of them behave differently there.
  process.env['NODE_ENV'] = 'production';

  const candidates = chosen.flatMap((contender) =>
    PLATFORMS.map((platform) => new Candidate(contender, platform)),
  );
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    for (const candidate of candidates) await restartOf(candidate);
    console.error(`  restart ${restart + 1} of ${RESTARTS}`);
    // After each one, because 30 take more than an hour: an interrupted run leaves what it has measured.
    if (chosen.length === CONTENDERS.length) writePage(candidates, restart + 1);
  }
  return candidates.map((candidate) => candidate.figure());
}

function chosenContenders(): readonly Contender[] {
  const names = process.env['PEERS']?.split(',').map((name) => name.trim());
  if (!names) return CONTENDERS;
  const known = CONTENDERS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no peer ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return CONTENDERS.filter(({ name }) => names.includes(name));
}

async function restartOf(candidate: Candidate): Promise<void> {
  const { contender, platform } = candidate;
  const plan = await planFor(contender, platform);
  const output: string[] = [];
  const onlooker = {
    output: (text: string) => void output.push(text),
    step: () => undefined,
    loading: () => undefined,
  };
  try {
    candidate.add(await rehearseOnce(plan, onlooker, new AbortController().signal));
  } catch (error) {
    throw new Error(`${contender.name} on ${platform} could not be rehearsed: ${output.join('')}`, {
      cause: error,
    });
  }
}

async function planFor({ name, ready }: Contender, platform: Platform): Promise<RehearsalPlan> {
  const [port, healthPort] = [await freePort(), await freePort()];
  return {
    command: [
      process.execPath,
      '--import',
      fileURLToPath(new URL('./contenders/peer-packages.js', import.meta.url)),
      fileURLToPath(new URL('./contenders/application.js', import.meta.url)),
      name,
      platform,
      String(port),
      String(healthPort),
    ],
    url: new URL(`http://127.0.0.1:${port}`),
    ...(ready && { ready: ready.hasOwnPort ? `http://127.0.0.1:${healthPort}${ready.path}` : ready.path }),
    readyTimeoutMs: 60_000,
    signal: 'SIGTERM',
    graceMs: GRACE_MS,
    timeoutMs: GRACE_MS,
    restarts: RESTARTS,
    ...LOAD,
  };
}
