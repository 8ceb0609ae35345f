import type { Arrivals } from '#rehearsal/load/open-loop.js';
import type { RequestPlan } from '#rehearsal/load/request.js';

/** The requests whose answer, 202, is a promise to send a mail. */
export const CONFIRMATION = 'confirm';

const PAGES = 8;
const PAGE_BYTES = 1024;
const EXPORT_BYTES = 4 * 1024 * 1024;

/** What a shop's clients do: about 140 requests a second. */
export const MIX: readonly Arrivals<RequestPlan>[] = [
  { perSecond: 80, plan: (index) => ({ kind: 'read', method: 'GET', path: `/orders/${index}` }) },
  { perSecond: 15, plan: (index) => ({ kind: 'quote', method: 'GET', path: `/orders/${index}/quote` }) },
  {
    perSecond: 15,
    plan: (index) => ({
      kind: 'invoice',
      method: 'GET',
      path: `/orders/${index}/invoice`,
      download: { bytes: PAGES * PAGE_BYTES, overMs: 0 },
    }),
  },
  {
    perSecond: 10,
    plan: () => ({
      kind: 'import',
      method: 'POST',
      path: '/orders/import',
      upload: { bytes: 256 * 1024, overMs: 500 },
    }),
  },
  {
    perSecond: 4,
    plan: () => ({
      kind: 'export',
      method: 'GET',
      path: '/orders/export',
      download: { bytes: EXPORT_BYTES, overMs: 1_000 },
    }),
  },
  {
    perSecond: 20,
    plan: (index) => ({ kind: CONFIRMATION, method: 'POST', path: `/orders/${index}/confirmation` }),
  },
];
