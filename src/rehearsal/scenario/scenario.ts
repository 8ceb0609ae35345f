import { METHODS } from 'node:http';
import { parseDuration } from '../../config/duration.js';
import { nearestName } from '../../util/nearest-name.js';
import { requestName, type WeightedRequest } from '../plan.js';
import { LocatedError, plain, type Located, type LocatedObject } from './located.js';

/** What clients do, as a file says. */
export interface Scenario {
  readonly rate?: number;
  readonly requests: readonly WeightedRequest[];
  readonly streams: readonly string[];
  readonly webSockets: readonly string[];
}

const FIELDS = ['rate', 'requests', 'streams', 'webSockets'];
const REQUEST_FIELDS = ['path', 'method', 'headers', 'body', 'weight', 'expect', 'slow', 'upload'];

/**
 * Makes a scenario of a document; `file` names it in errors.
 *
 * @throws {LocatedError} with line and column of the first thing that is wrong
 */
export function scenarioOf(document: Located, file: string): Scenario {
  return new ScenarioReader(file).scenario(document);
}

class ScenarioReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  scenario(document: Located): Scenario {
    const fields = this.#object(document, FIELDS);
    const rate = fields.get('rate')?.value;
    const requests = this.#list(fields.get('requests')?.value).map((each) => this.#request(each));
    return {
      ...(rate && { rate: this.#positive(rate, 'rate') }),
      requests,
      streams: this.#list(fields.get('streams')?.value).map((each) => this.#path(each)),
      webSockets: this.#list(fields.get('webSockets')?.value).map((each) => this.#path(each)),
    };
  }

  #request(document: Located): WeightedRequest {
    const fields = this.#object(document, REQUEST_FIELDS);
    const of = (name: string): Located | undefined => fields.get(name)?.value;
    const path = this.#path(of('path') ?? this.#fail(document, 'a request needs a path'));
    const body = of('body') && this.#body(of('body')!);
    const upload = of('upload') && this.#positive(of('upload')!, 'upload');
    const slowMs = of('slow') && this.#duration(of('slow')!);
    const method = of('method') ? this.#method(of('method')!) : (body ?? upload) ? 'POST' : 'GET';
    const headers = { ...body?.headers, ...(of('headers') && this.#headers(of('headers')!)) };
    return {
      weight: of('weight') ? this.#positive(of('weight')!, 'weight') : 1,
      request: {
        kind: requestName(method, path),
        method,
        path,
        headers,
        ...(body && { body: body.text }),
        ...(upload !== undefined && { upload: { bytes: upload, overMs: slowMs ?? 0 } }),
        ...(slowMs !== undefined && upload === undefined && { readAfterMs: slowMs }),
        ...(of('expect') && { expected: this.#positive(of('expect')!, 'expect') }),
      },
    };
  }

  #object(document: Located, known: readonly string[]): LocatedObject {
    const { value } = document;
    if (!(value instanceof Map)) return this.#fail(document, 'an object should be here');
    const fields = value as LocatedObject;
    for (const [name, { key }] of fields) {
      if (known.includes(name)) continue;
      const nearest = nearestName(name, known);
      const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`;
      throw new LocatedError(this.#file, key, `there is no field ${JSON.stringify(name)}: ${hint}`);
    }
    return fields;
  }

  #list(document: Located | undefined): readonly Located[] {
    if (!document) return [];
    return Array.isArray(document.value)
      ? (document.value as readonly Located[])
      : this.#fail(document, 'a list should be here');
  }

  #path(document: Located): string {
    const { value } = document;
    return typeof value === 'string' && /^\/\S*$/.test(value)
      ? value
      : this.#fail(document, 'a path that begins with a slash should be here');
  }

  #positive(document: Located, name: string): number {
    const { value } = document;
    return typeof value === 'number' && value > 0 && Number.isFinite(value)
      ? value
      : this.#fail(document, `${name} must be a number above 0`);
  }

  #duration(document: Located): number {
    const ms = parseDuration(textOf(document), 's');
    return ms ?? this.#fail(document, 'a duration such as 500ms or 2s should be here');
  }

  #method(document: Located): string {
    const method = textOf(document).toUpperCase();
    return METHODS.includes(method) ? method : this.#fail(document, 'a method of HTTP should be here');
  }

  #headers(document: Located): Record<string, string> {
    const value = plain(document);
    const isValid =
      document.value instanceof Map && Object.values(value as object).every((of) => typeof of !== 'object');
    if (!isValid) this.#fail(document, 'headers must be an object of names and texts');
    return Object.fromEntries(
      Object.entries(value as object).map(([name, of]) => [name.toLowerCase(), String(of)]),
    );
  }

  /** A text as it is; everything else as JSON. */
  #body(document: Located): { text: string; headers: Record<string, string> } {
    if (typeof document.value === 'string') return { text: document.value, headers: {} };
    return { text: JSON.stringify(plain(document)), headers: { 'content-type': 'application/json' } };
  }

  #fail(document: Located, problem: string): never {
    throw new LocatedError(this.#file, document, problem);
  }
}

function textOf({ value }: Located): string {
  return typeof value === 'object' ? '' : String(value);
}
