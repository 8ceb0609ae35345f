/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A value of a document, and where it begins. */
export interface Located extends Place {
  readonly value: string | number | boolean | null | readonly Located[] | LocatedObject;
}

/** The properties of an object, and where each begins. */
export type LocatedObject = ReadonlyMap<string, { readonly key: Place; readonly value: Located }>;

/** What is wrong with a document, and where. */
export class LocatedError extends Error {
  constructor(file: string, { line, column }: Place, problem: string) {
    super(`${file}:${line}:${column}: ${problem}`);
  }
}

/** Returns the value as plain data. */
export function plain({ value }: Located): unknown {
  if (Array.isArray(value)) return (value as readonly Located[]).map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...(value as LocatedObject)].map(([name, { value: of }]) => [name, plain(of)]));
}
