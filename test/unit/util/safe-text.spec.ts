import { describe, expect, it } from '@jest/globals';
import { indentedLines, oneLine } from '../../../src/util/safe-text.js';
import { safeJson } from '../../../src/util/safe-json.js';

describe('one line', () => {
  it.each([
    ['a line feed', 'a\nb', String.raw`a\nb`],
    ['a carriage return and a tab', 'a\r\tb', String.raw`a\r\tb`],
    ['an escape sequence', '\u001b[2J', String.raw`\x1b[2J`],
    ['a control sequence of C1', '\u009b2J', String.raw`\x9b2J`],
    ['delete', '\u007f', String.raw`\x7f`],
    ['separators of lines and paragraphs', '\u2028\u2029', String.raw`\u2028\u2029`],
    ['a change of direction', '\u202e\u2066', String.raw`\u202e\u2066`],
    ['nothing of that', 'Größe 漢字 👩‍💻', 'Größe 漢字 👩‍💻'],
  ])('escapes %s', (_, text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  it('is bounded, and says so', () => {
    expect(oneLine('x'.repeat(20_000_000))).toBe(`${'x'.repeat(4_000)}… (20000000 characters)`);
  });
});

it('a stack has no line that looks like a new entry', () => {
  expect(indentedLines('Error: one\ntwo\u009b\n    at three')).toBe(
    String.raw`Error: one` + '\n' + String.raw`    two\x9b` + '\n    at three',
  );
});

describe('JSON', () => {
  const circular: Record<string, unknown> = { name: 'ring' };
  circular['self'] = circular;
  const throwing = {
    toJSON: () => {
      throw new Error('not this');
    },
  };
  const getter = {
    get value(): number {
      throw new Error('not this');
    },
    other: 1,
  };

  it.each<[string, unknown, unknown]>([
    ['a bigint', { count: 3n }, { count: '3' }],
    ['a circle', circular, { name: 'ring', self: '[circular]' }],
    ['a toJSON() that throws', { throwing, other: 1 }, { throwing: '[unreadable]', other: 1 }],
    ['a getter that throws', { getter }, { getter: { other: 1 } }],
    ['the same object twice', [{ a: [throwing] }, throwing], [{ a: ['[unreadable]'] }, '[unreadable]']],
    [
      'a date beside a bigint',
      { at: new Date(0), count: 3n },
      { at: '1970-01-01T00:00:00.000Z', count: '3' },
    ],
    ['nothing', undefined, null],
    ['a function', () => {}, null],
  ])('is written with %s', (_, value, read) => {
    expect(JSON.parse(safeJson(value))).toEqual(read);
  });

  it('is one line, whatever the text, and the same text when it is read', () => {
    const text = '\u0000\n\u007f\u009b\u2028\u2029';
    expect(safeJson(text)).toBe(String.raw`"\u0000\n\u007f\u009b\u2028\u2029"`);
    expect(JSON.parse(safeJson(text))).toBe(text);
  });
});
