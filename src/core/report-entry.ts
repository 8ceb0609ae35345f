import type { ShutdownReport } from './report.js';

/** How Node asks an object for the text that it is printed as. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A report as an entry of the log: fields for a logger that writes JSON, one line of JSON for one that writes text.
 */
export class ReportEntry {
  readonly message = 'shutdown report';
  readonly report: ShutdownReport;

  constructor(report: ShutdownReport) {
    this.report = report;
  }

  toString(): string {
    return `${this.message} ${JSON.stringify(this.report)}`;
  }

  [INSPECT](): string {
    return this.toString();
  }
}
