import { OUTCOMES, type Outcome } from '../../../src/rehearsal/load/outcome.js';
import type { RehearsalPlan } from '../../../src/rehearsal/plan.js';
import type { Counts, RunRecord } from '../../../src/rehearsal/run-record.js';

export const SAMPLE_PLAN: RehearsalPlan = {
  command: ['/usr/bin/node', '--enable-source-maps', 'dist/main.js', '--password=hunter2'],
  readyTimeoutMs: 60_000,
  signal: 'SIGTERM',
  graceMs: 30_000,
  lagMs: 1_000,
  durationMs: 2_000,
  rate: 50,
  timeoutMs: 10_000,
  restarts: 1,
  headers: {},
  requests: [{ weight: 1, request: { kind: 'GET /', method: 'GET', path: '/' } }],
  remarks: [],
  streams: [],
  webSockets: [],
};

export function countsOf(counts: Partial<Record<Outcome, number>>): Counts {
  const all = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, counts[outcome] ?? 0]));
  const sent = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { ...(all as Record<Outcome, number>), sent };
}

/** A shutdown without a loss. */
export const CLEAN_RUN: RunRecord = {
  before: countsOf({ answered: 100 }),
  after: countsOf({ answered: 60 }),
  lossesBefore: [],
  lossesAfter: [],
  readiness: { path: '/readyz', fellMs: 12, status: 503 },
  stoppedMs: 1_012,
  streams: [{ path: '/events', atMs: 1_400, isClean: true, how: 'ended' }],
  webSockets: [{ path: '/ws', atMs: 1_400, isClean: true, how: 'closed with 1001' }],
  exit: { code: 0, signal: null, atMs: 1_600, isKilled: false },
  leftBehind: [],
  curve: [
    { atMs: -100, counts: { answered: 5 } },
    { atMs: 0, counts: { answered: 5 } },
  ],
  punctuality: { sent: 160, late: 0, p99Ms: 1.1, worstMs: 2.3 },
};

/** One that refused two requests. */
export const LOSSY_RUN: RunRecord = {
  ...CLEAN_RUN,
  after: countsOf({ answered: 58, refused: 2 }),
  firstRefusalMs: 900,
  lossesAfter: [
    { request: 'GET /', outcome: 'refused', connection: 'new', sentMs: 899, endedMs: 900 },
    { request: 'GET /', outcome: 'refused', connection: 'kept-alive', sentMs: 920, endedMs: 921 },
  ],
  curve: [...CLEAN_RUN.curve, { atMs: 900, counts: { answered: 3, refused: 2 } }],
};
