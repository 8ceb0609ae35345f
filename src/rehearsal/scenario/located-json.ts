import { LocatedError, type Located, type Place } from './located.js';

const SPACE = /[ \t\r\n]*/y;
const LITERAL = /"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Parses JSON and keeps where each value is; `file` names it in errors. */
export function parseLocatedJson(text: string, file: string): Located {
  const parser = new Parser(text, file);
  const document = parser.value();
  parser.end();
  return document;
}

class Parser {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  value(): Located {
    this.#match(SPACE);
    const place = this.#place();
    if (this.#take('{')) return { ...place, value: this.#object() };
    if (this.#take('[')) return { ...place, value: this.#list() };
    return { ...place, value: this.#literal() };
  }

  end(): void {
    this.#match(SPACE);
    if (this.#at < this.#text.length) this.#fail('the document should end here');
  }

  #object(): Map<string, { key: Place; value: Located }> {
    const properties = new Map<string, { key: Place; value: Located }>();
    if (this.#take('}')) return properties;
    do {
      this.#match(SPACE);
      const key = this.#place();
      const name = this.#literal('a name in quotes should be here');
      if (typeof name !== 'string')
        throw new LocatedError(this.#file, key, 'a name in quotes should be here');
      if (!this.#take(':')) this.#fail('a colon should be here');
      properties.set(name, { key, value: this.value() });
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('a comma or } should be here');
    return properties;
  }

  #list(): Located[] {
    const items: Located[] = [];
    if (this.#take(']')) return items;
    do items.push(this.value());
    while (this.#take(','));
    if (!this.#take(']')) this.#fail('a comma or ] should be here');
    return items;
  }

  #literal(expected = 'a value should be here'): string | number | boolean | null {
    const from = this.#place();
    const text = this.#match(LITERAL);
    try {
      return JSON.parse(text) as string | number | boolean | null;
    } catch {
      throw new LocatedError(this.#file, from, text === '' ? expected : 'this is no valid JSON');
    }
  }

  #take(character: string): boolean {
    this.#match(SPACE);
    const isThere = this.#text[this.#at] === character;
    if (isThere) this.#at += 1;
    return isThere;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [text = ''] = pattern.exec(this.#text) ?? [];
    this.#at += text.length;
    return text;
  }

  #place(): Place {
    const lines = this.#text.slice(0, this.#at).split('\n');
    return { line: lines.length, column: lines.at(-1)!.length + 1 };
  }

  #fail(problem: string): never {
    throw new LocatedError(this.#file, this.#place(), problem);
  }
}
