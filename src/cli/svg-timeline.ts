import { milliseconds } from '../util/milliseconds.js';
import { participantRemark } from '../report/report-lines.js';
import { oneLine } from '../util/safe-text.js';
import { escaped } from '../util/escaped.js';
import { CHART, LABELS, positionOf, timeAxis, WIDTH } from './svg-scale.js';
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

const ROW = 22;
const AXIS = 24;
const LONGEST_LABEL = 46;
/** Minimum width of a bar, so that a duration of 0 is visible. */
const THINNEST = 2;

/** Renders a report as an SVG chart, to scale: a bar per phase, each followed by the bars of its participants. */
export function svgTimeline(report: ShutdownReport): string {
  const rows = rowsOf(report);
  const height = AXIS + rows.length * ROW;
  const { durationMs } = report;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Timeline of the shutdown">`,
    ...timeAxis(durationMs, AXIS - 4, height),
    ...rows.map((row, index) => bar(row, AXIS + index * ROW, durationMs)),
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

function bar({ label, startedMs, durationMs, kind, remark }: Row, top: number, totalMs: number): string {
  const middle = top + ROW / 2;
  const indent = kind === 'phase' ? 0 : 14;
  const from = Math.min(positionOf(startedMs, totalMs), LABELS + CHART - THINNEST);
  const width = Math.max(THINNEST, positionOf(startedMs + durationMs, totalMs) - from);
  return (
    `<g class="${escaped(kind)}"><title>${escaped(`${label}: ${remark}, from ${milliseconds(startedMs)}`)}</title>` +
    `<text x="${indent}" y="${middle}">${escaped(shorten(label))}</text>` +
    `<rect x="${from.toFixed(1)}" y="${top + 4}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="2"/>` +
    `<text x="${WIDTH}" y="${middle}" text-anchor="end">${escaped(remark)}</text></g>`
  );
}

// The end of a hook's name matters most: it says which hook it is.
function shorten(label: string): string {
  if (label.length <= LONGEST_LABEL) return label;
  const tail = Math.floor((LONGEST_LABEL * 2) / 3);
  return `${label.slice(0, LONGEST_LABEL - 1 - tail)}…${label.slice(label.length - tail)}`;
}
