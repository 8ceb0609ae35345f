import { fileURLToPath } from 'node:url';
import { rehearse } from '#rehearsal/rehearse.js';
import type { RehearsalPlan } from '#rehearsal/plan.js';
import type { RehearsalReport } from '#rehearsal/rehearsal-report.js';
import type { Figure } from './figure.js';

const PLATFORMS = ['node:http', 'Express', 'Fastify', 'Nest on Express', 'Nest on Fastify'];
/** Of each platform. */
const REHEARSALS = 40;
const PER_SECOND = 1_000;
const TOLERANCE_MS = 5;

/** What a rehearsal costs itself, and how often it wrongs an application that loses nothing. */
export async function measure(): Promise<readonly Figure[]> {
  return [await punctuality(), ...(await judgements())];
}

async function punctuality(): Promise<Figure> {
  const { runs } = await rehearsed('node:http', { rate: PER_SECOND, durationMs: 5_000 });
  const { sent, late, p99Ms, worstMs } = runs[0]!.punctuality;
  return {
    what: `arrival times at ${PER_SECOND} requests/s`,
    measured: `${sent} sent, ${late} of them more than ${TOLERANCE_MS} ms late; 99 % within ${p99Ms} ms, all within ${worstMs} ms`,
    promised: `99 % within ${TOLERANCE_MS} ms`,
    isKept: p99Ms <= TOLERANCE_MS,
  };
}

async function judgements(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const platform of PLATFORMS) {
    const { exitCode, sent, lost, verdicts } = await rehearsed(platform, { restarts: REHEARSALS });
    const broken = verdicts.filter(({ state }) => state === 'broken').map(({ promise }) => promise);
    figures.push({
      what: `${REHEARSALS} rehearsals of a correct application on ${platform}`,
      measured: `${lost} of ${sent} lost; broken: ${broken.join(', ') || 'nothing'}`,
      promised: 'nothing is found',
      isKept: exitCode === 0,
    });
  }
  return figures;
}

function rehearsed(platform: string, changes: Partial<RehearsalPlan>): Promise<RehearsalReport> {
  const program = fileURLToPath(new URL('../fixtures/rehearsed/main.js', import.meta.url));
  const plan: RehearsalPlan = {
    command: [process.execPath, program, platform],
    readyTimeoutMs: 60_000,
    signal: 'SIGTERM',
    graceMs: 30_000,
    lagMs: 500,
    durationMs: 500,
    rate: 100,
    timeoutMs: 10_000,
    restarts: 1,
    headers: {},
    requests: [{ weight: 1, request: { kind: 'GET /', method: 'GET', path: '/' } }],
    remarks: [],
    streams: ['/events'],
    webSockets: ['/ws'],
    ...changes,
  };
  const silent = { output: () => undefined, step: () => undefined, loading: () => undefined };
  return rehearse(plan, silent, new AbortController().signal);
}
