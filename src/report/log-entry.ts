import type { ShutdownReport } from '../core/report.js';

/** How Node asks an object for the text that it is printed as. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A line of the log with its facts as fields: an object for a logger that writes JSON, the line for one that writes text.
 */
export class LogEntry {
  readonly message: string;

  /** @param fields plain data, under names that are not `message` */
  constructor(message: string, fields: Readonly<Record<string, unknown>> = {}) {
    this.message = message;
    Object.assign(this, fields);
  }

  toString(): string {
    return this.message;
  }

  [INSPECT](): string {
    return this.toString();
  }
}

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
