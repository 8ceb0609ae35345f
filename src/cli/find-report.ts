import { REPORT_VERSION, type ShutdownReport } from '../core/report.js';

/** Fields in which JSON loggers nest a report. */
const FIELDS = ['report', 'message', 'msg'];

/** A report of a version that this package cannot read. */
export interface OtherReport {
  readonly version: number;
}

/** Whether the report has the version that this package writes. */
export function isCurrent(report: ShutdownReport | OtherReport): report is ShutdownReport {
  return report.version === REPORT_VERSION;
}

/**
 * Finds the report in a text, of any version: the text is the report itself, or a log, of which the last report counts.
 */
export function findReport(text: string): ShutdownReport | OtherReport | undefined {
  return reportIn(parsed(text)) ?? lastOf(text.split('\n'));
}

function lastOf(lines: readonly string[]): ShutdownReport | OtherReport | undefined {
  for (const line of lines.toReversed()) {
    const start = line.indexOf('{');
    const found = start < 0 ? undefined : reportIn(parsed(line.slice(start)));
    if (found) return found;
  }
  return undefined;
}

function reportIn(value: unknown): ShutdownReport | OtherReport | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  if (
    typeof fields['version'] === 'number' &&
    ['phases', 'participants', 'cuts', 'pending'].every((name) => Array.isArray(fields[name]))
  ) {
    return value as ShutdownReport | OtherReport;
  }
  for (const name of FIELDS) {
    const found = reportIn(fields[name]);
    if (found) return found;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
