import { milliseconds } from '../util/milliseconds.js';
import { SLICE_MS } from '../rehearsal/curve.js';
import { OUTCOMES, type Outcome } from '../rehearsal/load/outcome.js';
import type { RunRecord } from '../rehearsal/run-record.js';

const WIDTH = 1_000;
const TOP = 30;
const HEIGHT = 160;
const BOTTOM = TOP + HEIGHT;

/** Renders the requests of a run as columns over time: what was answered, and above it what was lost. */
export function svgOutcomes({ curve, exit }: RunRecord): string {
  const first = Math.min(0, ...curve.map(({ atMs }) => atMs));
  const last = Math.max(exit.atMs, ...curve.map(({ atMs }) => atMs + SLICE_MS));
  const x = (ms: number): number => ((ms - first) / (last - first)) * WIDTH;
  const most = Math.max(1, ...curve.map(({ counts }) => sum(Object.values(counts))));
  const columns = curve.flatMap(({ atMs, counts }) => {
    let bottom = BOTTOM;
    return OUTCOMES.flatMap((outcome) => {
      const count = counts[outcome] ?? 0;
      if (count === 0) return [];
      const height = (count / most) * HEIGHT;
      bottom -= height;
      const width = Math.max(1, x(atMs + SLICE_MS) - x(atMs) - 1);
      return [
        `<g class="${classOf(outcome)}"><title>${count} ${outcome} from ${milliseconds(atMs)}</title>` +
          `<rect x="${x(atMs).toFixed(1)}" y="${bottom.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"/></g>`,
      ];
    });
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${BOTTOM + 24}" role="img" aria-label="Requests by their ends, over time">`,
    ...columns,
    mark(x(0), 'the signal'),
    mark(x(exit.atMs), `the end, after ${milliseconds(exit.atMs)}`),
    `<line x1="0" y1="${BOTTOM}" x2="${WIDTH}" y2="${BOTTOM}"/>`,
    `<text x="0" y="${BOTTOM + 14}">at most ${most} in ${milliseconds(SLICE_MS)}; answered, and above it lost</text>`,
    '</svg>',
  ].join('\n');
}

function classOf(outcome: Outcome): string {
  return outcome === 'answered' ? 'completed' : 'failed';
}

function mark(x: number, label: string): string {
  const anchor = x > WIDTH / 2 ? 'end' : 'start';
  return `<line x1="${x.toFixed(1)}" y1="${TOP - 14}" x2="${x.toFixed(1)}" y2="${BOTTOM}"/><text x="${x.toFixed(1)}" y="10" text-anchor="${anchor}">${label}</text>`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
