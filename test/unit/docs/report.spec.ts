import { describe, expect, it } from '@jest/globals';
import { read, section, tableRows } from './markdown.js';

const schema = JSON.parse(read('report.schema.json')) as {
  readonly properties: Readonly<Record<string, unknown>>;
};

describe('docs/report.md', () => {
  it('has every property of a report, in order', () => {
    const rows = tableRows(section('docs/report.md', 'The shape'));
    const named = rows.flatMap(([names = '']) => names.split(', '));
    expect(named).toEqual(Object.keys(schema.properties).map((name) => `\`${name}\``));
  });
});
