import { seconds } from './seconds.js';
import type { ShutdownReport } from '../core/report.js';

const WIDTH = 1_000;
const TOP = 20;
const HEIGHT = 22;

/** Renders the grace period as a bar: what was used, what was left, and where the reserve for release and flush began. */
export function svgBudget({ gracePeriodMs, remainingMs, releaseReserveMs }: ShutdownReport): string {
  // `null` in JSON: there was no deadline.
  if (gracePeriodMs === null || !Number.isFinite(gracePeriodMs) || gracePeriodMs <= 0) return '';
  const leftMs = Math.min(Math.max(Number(remainingMs), 0), gracePeriodMs);
  const usedMs = gracePeriodMs - leftMs;
  const reserveMs = Math.min(Math.max(Number(releaseReserveMs), 0), gracePeriodMs);
  const x = (ms: number): string => ((ms / gracePeriodMs) * WIDTH).toFixed(1);
  const reserveAt = x(gracePeriodMs - reserveMs);
  const bottom = TOP + HEIGHT;
  return [
    `<svg class="budget" viewBox="0 0 ${WIDTH} ${bottom + 22}" role="img" aria-label="Grace period of ${seconds(gracePeriodMs)}">`,
    `<rect class="left" x="0" y="${TOP}" width="${WIDTH}" height="${HEIGHT}" rx="3"/>`,
    `<rect class="used" x="0" y="${TOP}" width="${x(usedMs)}" height="${HEIGHT}" rx="3"/>`,
    `<line class="reserve" x1="${reserveAt}" y1="${TOP - 6}" x2="${reserveAt}" y2="${bottom + 6}"/>`,
    `<text x="0" y="8">used ${seconds(usedMs)}</text>`,
    `<text x="${WIDTH}" y="8" text-anchor="end">left ${seconds(leftMs)} of ${seconds(gracePeriodMs)}</text>`,
    `<text x="${reserveAt}" y="${bottom + 14}" text-anchor="end">reserved for release and flush: ${seconds(reserveMs)} →</text>`,
    '</svg>',
  ].join('\n');
}
