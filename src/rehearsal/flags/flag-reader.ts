import { METHODS } from 'node:http';
import { constants } from 'node:os';
import { parseDuration } from '../../config/duration.js';

/** Reads values of flags and collects what is wrong with them, so that it is told all at once. */
export class FlagReader {
  readonly problems: string[] = [];

  /** Milliseconds of a text such as `500ms`, `2s` or `1m`; seconds without a unit. */
  duration(flag: string, text: string | undefined, byDefaultMs: number): number {
    const ms = text === undefined ? byDefaultMs : parseDuration(text, 's');
    if (ms !== undefined) return ms;
    return this.#wrong(byDefaultMs, flag, text, 'must be a duration such as 500ms, 30s or 2m');
  }

  /** A number above 0. */
  number(flag: string, text: string | undefined, byDefault: number, isWhole: boolean): number {
    const value = text === undefined ? byDefault : Number(text);
    if (value > 0 && Number.isFinite(value) && (!isWhole || Number.isInteger(value))) return value;
    return this.#wrong(byDefault, flag, text, `must be a ${isWhole ? 'whole ' : ''}number above 0`);
  }

  url(flag: string, text: string | undefined): URL | undefined {
    if (text === undefined) return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url && ['http:', 'https:'].includes(url.protocol)) return url;
    return this.#wrong(undefined, flag, text, 'must be a URL such as http://127.0.0.1:3000');
  }

  /** A path that begins with a slash. */
  paths(flag: string, texts: readonly string[]): readonly string[] {
    for (const text of texts) {
      if (!/^\/[^\s]*$/.test(text))
        this.#wrong(undefined, flag, text, 'must be a path that begins with a slash');
    }
    return texts;
  }

  signal(flag: string, text: string): NodeJS.Signals {
    const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
    if (name in constants.signals) return name as NodeJS.Signals;
    return this.#wrong('SIGTERM', flag, text, 'must be a signal such as SIGTERM or SIGINT');
  }

  oneOf<Value extends string>(flag: string, text: string, values: readonly [Value, ...Value[]]): Value {
    const value = values.find((candidate) => candidate === text);
    return value ?? this.#wrong(values[0], flag, text, `must be one of ${values.join(', ')}`);
  }

  /** The name of an environment variable. */
  variable(flag: string, text: string): string {
    if (/^[A-Za-z_]\w*$/.test(text)) return text;
    return this.#wrong(text, flag, text, 'must be the name of an environment variable such as PORT');
  }

  /** Methods of HTTP, in capitals. */
  methods(flag: string, texts: readonly string[]): readonly string[] {
    const methods = texts.map((text) => text.trim().toUpperCase());
    for (const method of methods) {
      if (!METHODS.includes(method))
        this.#wrong(undefined, flag, method, 'must be a method of HTTP such as GET');
    }
    return methods;
  }

  /** Headers such as `Accept: text/html`. */
  headers(flag: string, texts: readonly string[]): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const text of texts) {
      const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
      // It may be secret, so it is not repeated.
      if (name === undefined || value === undefined) this.problems.push(`${flag} must look like Name: value`);
      else headers[name.toLowerCase()] = value;
    }
    return headers;
  }

  #wrong<Value>(instead: Value, flag: string, text: string | undefined, problem: string): Value {
    this.problems.push(`${flag} ${problem}, and not ${JSON.stringify(text)}`);
    return instead;
  }
}
