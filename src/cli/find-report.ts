import { REPORT_VERSION, type ShutdownReport } from '../core/report.js';

/** Where a logger that writes JSON may have put a report. */
const FIELDS = ['report', 'message', 'msg'];

/** The report in a text: one that is nothing else, or the last one of a log. */
export function findReport(text: string): ShutdownReport | undefined {
  return reportIn(parsed(text)) ?? lastOf(text.split('\n'));
}

function lastOf(lines: readonly string[]): ShutdownReport | undefined {
  for (const line of lines.toReversed()) {
    const start = line.indexOf('{');
    const found = start < 0 ? undefined : reportIn(parsed(line.slice(start)));
    if (found) return found;
  }
  return undefined;
}

function reportIn(value: unknown): ShutdownReport | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  if (
    fields['version'] === REPORT_VERSION &&
    ['phases', 'participants', 'cuts', 'pending'].every((name) => Array.isArray(fields[name]))
  ) {
    return value as ShutdownReport;
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
