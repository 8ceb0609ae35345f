import { indentedLines, oneLine } from '../util/safe-text.js';

/** Method that `util.inspect` and `console` call to format an object. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Keys that loggers and log services use for themselves; a field with such a name would replace theirs, or be lost. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(
  (
    'level severity status time timestamp date pid hostname host service source ' +
    'name context message msg label stack err error req res v type params'
  ).split(' '),
);

/**
 * A log line with its facts as fields: a logger that writes JSON gets the fields beside the line, a logger that writes
 * text gets the line.
 */
export class LogEntry {
  readonly message: string;

  /** @param fields plain data, without {@link RESERVED_KEYS} */
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

/** Returns the facts of an entry, without its line. */
export function fieldsOf(entry: LogEntry): Record<string, unknown> {
  const { message: _, ...fields } = entry;
  return fields;
}
