import { milliseconds } from '../util/milliseconds.js';
import { cutLines, failureLines, headline, pendingLines } from './report-lines.js';
import { oneLine } from '../util/safe-text.js';
import type { ShutdownReport } from '../core/report.js';

/** The size, in bytes, to which Kubernetes truncates a termination message. */
export const TERMINATION_MESSAGE_BYTES = 4_096;

/** Maximum length of a line, so that a long error leaves room for the others. */
const LINE_CHARACTERS = 300;
/** How many participants the line `slowest:` lists. */
const SLOWEST = 5;

/**
 * Renders a report as Kubernetes' termination message, which `kubectl describe pod` shows: the outcome, then what was
 * pending, failed or was cut, then where the time went. Lines that do not fit are omitted from the end.
 *
 * @returns at most {@link TERMINATION_MESSAGE_BYTES} bytes as UTF-8, in whole lines
 */
export function terminationMessage(report: ShutdownReport): string {
  const lines = [
    headline(report),
    ...pendingLines(report),
    ...failureLines(report),
    ...cutLines(report),
    ...timingLines(report),
  ].map(shorten);
  // Reserves room for the line that counts the omitted ones.
  let left = TERMINATION_MESSAGE_BYTES - byteLength(omitted(lines.length));
  const fitting = lines.findIndex((line) => (left -= byteLength(line)) < 0);
  if (fitting < 0) return lines.map(withNewline).join('');
  return [...lines.slice(0, fitting), omitted(lines.length - fitting)].map(withNewline).join('');
}

function timingLines({ phases, participants, announceNeedMs, remainingMs }: ShutdownReport): string[] {
  const list = (entries: readonly { readonly name: string; readonly durationMs: number }[]): string =>
    entries.map(({ name, durationMs }) => `${oneLine(name)} ${milliseconds(durationMs)}`).join(', ');
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
    `grace period left: ${milliseconds(remainingMs)}`,
  ];
}

// Cuts by code points, so that no surrogate pair is split.
function shorten(line: string): string {
  const characters = Array.from(line);
  return characters.length > LINE_CHARACTERS
    ? `${characters.slice(0, LINE_CHARACTERS - 1).join('')}…`
    : characters.join('');
}

function omitted(count: number): string {
  return `… and ${count} more lines`;
}

function withNewline(line: string): string {
  return `${line}\n`;
}

function byteLength(line: string): number {
  return new TextEncoder().encode(withNewline(line)).length;
}
