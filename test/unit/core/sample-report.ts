import type { ShutdownReport } from '../../../src/core/report.js';

/** A shutdown in which everything happened that a report can tell of. */
export const SAMPLE_REPORT: ShutdownReport = {
  version: 2,
  status: 'forced',
  forcedBy: 'deadline',
  reason: { kind: 'signal', signal: 'SIGTERM' },
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 28_000,
  gracePeriodMs: 28_000,
  remainingMs: 0,
  releaseReserveMs: 5_000,
  announceNeedMs: 3_210,
  phases: [
    { phase: 'announce', startedMs: 0, durationMs: 5_000 },
    { phase: 'drain', startedMs: 5_000, durationMs: 18_000 },
    { phase: 'release', startedMs: 23_000, durationMs: 5_000 },
  ],
  participants: [
    {
      name: 'KafkaConsumer.onModuleDestroy',
      phase: 'release',
      outcome: 'abandoned',
      startedMs: 23_000,
      durationMs: 5_000,
      registeredAt: 'KafkaConsumer in OrdersModule',
    },
    { name: 'HTTP server', phase: 'drain', outcome: 'completed', startedMs: 5_000, durationMs: 18_000 },
  ],
  cuts: [
    { kind: 'request', name: 'GET /export', ageMs: 19_000, phase: 'drain', participant: 'HTTP server' },
    {
      kind: 'task',
      name: 'import',
      ageMs: 18_000,
      progress: '60 %',
      phase: 'drain',
      participant: 'background tasks',
    },
  ],
  pending: [{ name: 'KafkaConsumer.onModuleDestroy', phase: 'release', ageMs: 5_000 }],
  inFlight: [
    { atMs: 0, count: 40 },
    { atMs: 5_000, count: 44 },
    { atMs: 5_500, count: 12 },
    { atMs: 12_000, count: 3 },
    { atMs: 23_000, count: 2 },
    { atMs: 28_000, count: 0 },
  ],
  statistics: { 'HTTP server': { open: 0, retired: 41, late: 3 } },
  activeResources: { TCPSocketWrap: 2 },
};
