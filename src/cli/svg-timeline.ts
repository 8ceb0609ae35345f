import { milliseconds } from '../util/milliseconds.js';
import { participantRemark } from '../report/report-lines.js';
import { oneLine } from '../util/safe-text.js';
import { escaped } from './escaped.js';
import type { ShutdownReport } from '../core/report.js';

/** One bar of the chart; times are milliseconds since the trigger. */
interface Row {
  readonly label: string;
  readonly startedMs: number;
  readonly durationMs: number;
  /** CSS class: `phase` or an outcome. */
  readonly kind: string;
  readonly remark: string;
}

const WIDTH = 1_000;
const LABELS = 320;
const REMARKS = 130;
const CHART = WIDTH - LABELS - REMARKS;
const ROW = 22;
const AXIS = 24;
const LONGEST_LABEL = 46;
/** Minimum width of a bar, so that a duration of 0 is visible. */
const THINNEST = 2;
const TICKS = 8;

/** Renders a report as an SVG chart, to scale: a bar per phase, each followed by the bars of its participants. */
export function svgTimeline(report: ShutdownReport): string {
  const rows = rowsOf(report);
  const height = AXIS + rows.length * ROW;
  const scale = CHART / Math.max(report.durationMs, 1);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Timeline of the shutdown">`,
    ...ticks(report.durationMs).map((ms) => tick(ms, LABELS + ms * scale, height)),
    ...rows.map((row, index) => bar(row, AXIS + index * ROW, scale)),
    '</svg>',
  ].join('\n');
}

function rowsOf({ phases, participants }: ShutdownReport): Row[] {
  return phases.flatMap(({ phase, startedMs, durationMs }) => [
    { label: phase, startedMs, durationMs, kind: 'phase', remark: milliseconds(durationMs) },
    ...participants
      .filter((participant) => participant.phase === phase)
      .map((participant) => ({
        startedMs: participant.startedMs,
        durationMs: participant.durationMs,
        label: oneLine(participant.name),
        kind: participant.outcome,
        remark: participantRemark(participant),
      })),
  ]);
}

function bar({ label, startedMs, durationMs, kind, remark }: Row, top: number, scale: number): string {
  const middle = top + ROW / 2;
  const indent = kind === 'phase' ? 0 : 14;
  const from = LABELS + Math.min(startedMs * scale, CHART - THINNEST);
  const width = Math.max(THINNEST, Math.min(durationMs * scale, WIDTH - REMARKS - from));
  return (
    `<g class="${escaped(kind)}"><title>${escaped(`${label}: ${remark}, from ${milliseconds(startedMs)}`)}</title>` +
    `<text x="${indent}" y="${middle}">${escaped(shorten(label))}</text>` +
    `<rect x="${from.toFixed(1)}" y="${top + 4}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="2"/>` +
    `<text x="${WIDTH}" y="${middle}" text-anchor="end">${escaped(remark)}</text></g>`
  );
}

function tick(ms: number, x: number, height: number): string {
  return (
    `<g class="tick"><line x1="${x.toFixed(1)}" y1="${AXIS - 4}" x2="${x.toFixed(1)}" y2="${height}"/>` +
    `<text x="${x.toFixed(1)}" y="10" text-anchor="middle">${milliseconds(ms)}</text></g>`
  );
}

/** Returns the positions of the ticks: round numbers, at most as many as fit. */
function ticks(totalMs: number): number[] {
  const roughly = Math.max(totalMs, 1) / TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(roughly));
  const step = [1, 2, 5, 10].map((digit) => digit * magnitude).find((size) => size >= roughly) ?? roughly;
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}

// The end of a hook's name matters most: it says which hook it is.
function shorten(label: string): string {
  if (label.length <= LONGEST_LABEL) return label;
  const tail = Math.floor((LONGEST_LABEL * 2) / 3);
  return `${label.slice(0, LONGEST_LABEL - 1 - tail)}…${label.slice(label.length - tail)}`;
}
