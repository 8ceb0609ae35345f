import { LogEntry } from './log-entry.js';
import type { ShutdownReport } from '../core/report.js';

/** A report as an entry of the log: a field for a logger that writes JSON, one line of JSON for one that writes text. */
export class ReportEntry extends LogEntry {
  declare readonly report: ShutdownReport;

  constructor(report: ShutdownReport) {
    super('shutdown report', { report });
  }

  override toString(): string {
    return `${this.message} ${JSON.stringify(this.report)}`;
  }
}
