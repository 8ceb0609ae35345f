import { milliseconds } from '../util/milliseconds.js';
import { cutLines, failureLines, headline, oneLine, pendingLines } from './report-lines.js';
import type { ShutdownReport } from '../core/report.js';

/** What Kubernetes keeps of a termination message. */
export const TERMINATION_MESSAGE_BYTES = 4_096;

/** Of one line, so that a long error leaves room for the others. */
const LINE_CHARACTERS = 300;
const SLOWEST = 5;

/**
 * What `kubectl describe pod` is to show of a shutdown: a line for what it came to, then what was waited for, what
 * failed, what was lost, and where the time went; as many of them, in this order, as fit.
 *
 * @returns at most {@link TERMINATION_MESSAGE_BYTES} bytes as UTF-8, in whole lines
 */
export function terminationMessage(report: ShutdownReport): string {
  const lines = [
    headline(report),
    ...pendingLines(report.pending),
    ...failureLines(report.participants),
    ...cutLines(report.cuts),
    ...whereTheTimeWent(report),
  ].map(shorten);
  // Room for the line that says how many are missing.
  let left = TERMINATION_MESSAGE_BYTES - byteLength(missing(lines.length));
  const fitting = lines.findIndex((line) => (left -= byteLength(line)) < 0);
  if (fitting < 0) return lines.map(terminated).join('');
  return [...lines.slice(0, fitting), missing(lines.length - fitting)].map(terminated).join('');
}

function whereTheTimeWent({ phases, participants, announceNeedMs, remainingMs }: ShutdownReport): string[] {
  const list = (took: readonly { readonly name: string; readonly durationMs: number }[]): string =>
    took.map(({ name, durationMs }) => `${oneLine(name)} ${milliseconds(durationMs)}`).join(', ');
  const slowest = participants
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .slice(0, SLOWEST)
    .map(({ name, phase, durationMs }) => ({ name: `${name} in ${phase}`, durationMs }));
  return [
    `phases: ${list(phases.map(({ phase, durationMs }) => ({ name: phase, durationMs })))}`,
    ...(slowest.length > 0 ? [`slowest: ${list(slowest)}`] : []),
    ...(announceNeedMs === undefined
      ? []
      : [`last request: ${milliseconds(announceNeedMs)} after the trigger`]),
    `left of the grace period: ${milliseconds(remainingMs)}`,
  ];
}

// By code points: half of a surrogate pair is no text.
function shorten(line: string): string {
  const characters = Array.from(line);
  return characters.length > LINE_CHARACTERS
    ? `${characters.slice(0, LINE_CHARACTERS - 1).join('')}…`
    : characters.join('');
}

function missing(count: number): string {
  return `… and ${count} more lines`;
}

function terminated(line: string): string {
  return `${line}\n`;
}

function byteLength(line: string): number {
  return new TextEncoder().encode(terminated(line)).length;
}
