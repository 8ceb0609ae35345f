import { milliseconds } from '../util/milliseconds.js';

/** Width of every chart of the page, and of its columns; charts below one another share the scale of time. */
export const WIDTH = 1_000;
export const LABELS = 320;
export const REMARKS = 130;
export const CHART = WIDTH - LABELS - REMARKS;

const TICKS = 8;

/** Returns the horizontal position of an instant, within the chart. */
export function positionOf(ms: number, totalMs: number): number {
  return LABELS + (Math.min(Math.max(ms, 0), totalMs) * CHART) / Math.max(totalMs, 1);
}

/** Draws a vertical line, with its time above, for each round number of milliseconds. */
export function timeAxis(totalMs: number, top: number, bottom: number): string[] {
  return ticks(totalMs).map((ms) => {
    const x = positionOf(ms, totalMs).toFixed(1);
    return (
      `<g class="tick"><line x1="${x}" y1="${top}" x2="${x}" y2="${bottom}"/>` +
      `<text x="${x}" y="10" text-anchor="middle">${milliseconds(ms)}</text></g>`
    );
  });
}

/** Returns the positions of the ticks: round numbers, at most as many as fit. */
function ticks(totalMs: number): number[] {
  const roughly = Math.max(totalMs, 1) / TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(roughly));
  const step = [1, 2, 5, 10].map((digit) => digit * magnitude).find((size) => size >= roughly) ?? roughly;
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}
