import { milliseconds } from '../util/milliseconds.js';
import { cutLines, failureLines, headline, participantRemark, pendingLines } from './report-lines.js';
import { oneLine } from '../util/safe-text.js';
import type { ParticipantReport, ShutdownReport } from '../core/report.js';

/** One bar of the chart; times are milliseconds since the trigger. */
interface Row {
  readonly label: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly remark: string;
  readonly strokes: Strokes;
}

/** Characters of a bar: its ends, its middle, and a single character for a bar one column wide. */
interface Strokes {
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  readonly single: string;
}

const HEAVY: Strokes = { first: '┝', middle: '━', last: '┥', single: '┃' };
const LIGHT: Strokes = { first: '├', middle: '─', last: '┤', single: '│' };

const DEFAULT_WIDTH = 80;
const NARROWEST_WIDTH = 60;
const SHARE_OF_LABELS = 0.45;

/**
 * Renders a report as a chart for a terminal or a log: a bar per phase and participant, to scale, with its duration in
 * milliseconds; below the chart, a line for everything that failed, was cut or was pending.
 *
 * @param options.width columns of the chart; default 80, minimum 60. The lines below the chart may be longer.
 * @returns lines without colour and without a trailing line break
 */
export function formatTimeline(report: ShutdownReport, options: { readonly width?: number } = {}): string {
  const width = Math.max(NARROWEST_WIDTH, options.width ?? DEFAULT_WIDTH);
  return [headline(report), '', ...chart(rowsOf(report), report.durationMs, width), ...problems(report)].join(
    '\n',
  );
}

function rowsOf({ phases, participants }: ShutdownReport): Row[] {
  return phases.flatMap(({ phase, startedMs, durationMs }) => [
    { label: phase, startedMs, durationMs, remark: milliseconds(durationMs), strokes: HEAVY },
    ...participants.filter((participant) => participant.phase === phase).map(participantRow),
  ]);
}

function participantRow(participant: ParticipantReport): Row {
  const { name, startedMs, durationMs } = participant;
  const remark = participantRemark(participant);
  return { label: `  ${oneLine(name)}`, startedMs, durationMs, remark, strokes: LIGHT };
}

function chart(rows: readonly Row[], totalMs: number, width: number): string[] {
  const remarkWidth = widest(rows.map(({ remark }) => remark));
  const labelWidth = Math.min(widest(rows.map(({ label }) => label)), Math.floor(width * SHARE_OF_LABELS));
  const barWidth = width - labelWidth - remarkWidth - 4;
  return rows.map((row) => {
    const label = shorten(row.label, labelWidth).padEnd(labelWidth);
    return `${label}  ${bar(row, totalMs, barWidth).padEnd(barWidth)}  ${row.remark.padStart(remarkWidth)}`;
  });
}

function bar({ startedMs, durationMs, strokes }: Row, totalMs: number, width: number): string {
  const columnAt = (ms: number): number =>
    totalMs > 0 ? Math.min(width - 1, Math.max(0, Math.floor((ms / totalMs) * width))) : 0;
  const from = columnAt(startedMs);
  const to = columnAt(startedMs + durationMs);
  if (to <= from) return ' '.repeat(from) + strokes.single;
  return ' '.repeat(from) + strokes.first + strokes.middle.repeat(to - from - 1) + strokes.last;
}

function problems(report: ShutdownReport): string[] {
  const lines = [...failureLines(report), ...cutLines(report), ...pendingLines(report)];
  return lines.length === 0 ? [] : ['', ...lines];
}

// The end of a hook's name matters most: it says which hook it is.
function shorten(label: string, width: number): string {
  if (label.length <= width) return label;
  const tail = Math.floor((width * 2) / 3);
  return `${label.slice(0, width - 1 - tail)}…${label.slice(label.length - tail)}`;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}
