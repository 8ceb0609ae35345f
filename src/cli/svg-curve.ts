import { LABELS, positionOf, timeAxis, WIDTH, REMARKS } from './svg-scale.js';
import type { InFlightPoint } from '../core/in-flight-curve.js';
import type { ShutdownReport } from '../core/report.js';

const AXIS = 24;
const HEIGHT = 90;
const BOTTOM = AXIS + HEIGHT;

/** More would not be visible. */
const MOST_POINTS = 1_000;

/** Renders what was in flight as a curve, on the scale of the timeline. */
export function svgCurve({ inFlight, durationMs }: ShutdownReport): string {
  const points = thinned(inFlight.map(({ atMs, count }) => ({ atMs: Number(atMs), count: Number(count) })));
  const most = points.reduce((highest, { count }) => Math.max(highest, count), 0);
  const first = points[0];
  if (!first || most === 0) return '';
  const y = (count: number): string => (BOTTOM - (Math.max(count, 0) / most) * (HEIGHT - 8)).toFixed(1);
  const x = ({ atMs }: InFlightPoint): string => positionOf(atMs, durationMs).toFixed(1);
  const line = points.map((point) => `L${x(point)} ${y(point.count)}`).join('');
  const last = points.at(-1)!;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${BOTTOM + 2}" role="img" aria-label="Work in flight over the shutdown, at most ${most}">`,
    ...timeAxis(durationMs, AXIS - 4, BOTTOM),
    `<text x="0" y="${AXIS + 8}">at most ${most}</text>`,
    `<text x="0" y="${BOTTOM - 8}">${first.count} at the trigger</text>`,
    `<text x="${WIDTH}" y="${BOTTOM - 8}" text-anchor="end">${last.count} at the end</text>`,
    `<path class="area" d="M${LABELS} ${BOTTOM}${line}L${x(last)} ${BOTTOM}Z"/>`,
    `<path class="curve" d="M${x(first)} ${y(first.count)}${line}"/>`,
    `<line x1="${LABELS}" y1="${BOTTOM}" x2="${WIDTH - REMARKS}" y2="${BOTTOM}"/>`,
    '</svg>',
  ].join('\n');
}

function thinned(points: readonly InFlightPoint[]): readonly InFlightPoint[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return every <= 1
    ? points
    : points.filter((_, index) => index % every === 0 || index === points.length - 1);
}
