import { safeJson } from '../util/safe-json.js';
import { indentedLines, oneLine } from '../util/safe-text.js';
import type { ShutdownReport } from '../core/report.js';

/** Method that `util.inspect` and `console` call to format an object. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A log line with its facts as fields: loggers that write JSON print the object, loggers that write text print the line.
 */
export class LogEntry {
  readonly message: string;

  /** @param fields plain data; no field may be named `message` */
  constructor(message: string, fields: Readonly<Record<string, unknown>> = {}) {
    this.message = oneLine(message);
    Object.assign(this, fields);
  }

  toString(): string {
    return this.message;
  }

  [INSPECT](): string {
    return this.toString();
  }
}

/** A log entry with a stack: the only one of several lines. */
export class StackEntry extends LogEntry {
  readonly #text: string;

  constructor(text: string) {
    super(text);
    this.#text = indentedLines(text);
  }

  override toString(): string {
    return this.#text;
  }
}

/**
 * A log entry with the report: a `report` field for loggers that write JSON, one line of JSON for loggers that write
 * text.
 */
export class ReportEntry extends LogEntry {
  declare readonly report: ShutdownReport;

  constructor(report: ShutdownReport) {
    super('shutdown report', { report });
  }

  override toString(): string {
    return `${this.message} ${safeJson(this.report)}`;
  }
}
