import { DOWNLOAD_BYTES, EVENTS_PATH, SLOWEST_MS } from './orders.js';
import type { RequestPlan } from '#rehearsal/load/request.js';
import type { RehearsalPlan, WeightedRequest } from '#rehearsal/plan.js';

const REQUESTS: readonly WeightedRequest[] = [
  // The weights come to an odd number, so that each request comes over kept-alive and over new connections.
  weighted(6, { kind: 'quick', method: 'GET', path: '/orders' }),
  ...[200, 400, 600, SLOWEST_MS].map((ms) =>
    weighted(1, { kind: 'slow', method: 'GET', path: `/orders/slow/${ms}` }),
  ),
  weighted(2, {
    kind: 'post',
    method: 'POST',
    path: '/orders',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sku: 'A-1', quantity: 2 }),
  }),
  weighted(1, {
    kind: 'download',
    method: 'GET',
    path: '/orders/export',
    download: { bytes: DOWNLOAD_BYTES, overMs: 400 },
  }),
];

/** What is sent to every contender. */
export const LOAD = {
  rate: 60,
  durationMs: 1_000,
  lagMs: 1_000,
  headers: {},
  requests: REQUESTS,
  remarks: [],
  streams: [EVENTS_PATH],
  webSockets: [],
} as const satisfies Partial<RehearsalPlan>;

function weighted(weight: number, request: RequestPlan): WeightedRequest {
  return { weight, request };
}
