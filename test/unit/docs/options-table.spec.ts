import { describe, expect, it } from '@jest/globals';
import {
  DEFAULTS,
  HEALTH_DEFAULTS,
  LATE_RESPONSE_DEFAULTS,
  MANAGEMENT_DEFAULTS,
} from '../../../src/config/default-options.js';
import { read, section, tableRows } from './markdown.js';
import { documentedOptions } from './option-docs.js';

const sections = [...read('docs/options.md').matchAll(/^## (.*)$/gm)].map(([, heading = '']) =>
  section('docs/options.md', heading),
);
const rows = sections
  .filter((text) => text.includes('| Option |'))
  .flatMap(tableRows)
  .map(([name = '', type = '', byDefault = '', meaning = '', reason = '']) => ({
    name: /`(\S+?)`/.exec(name)?.[1] ?? name,
    variable: /`([A-Z_]+)`/.exec(name)?.[1],
    type: /^`(.*?)`/.exec(type)?.[1],
    byDefault,
    meaning,
    reason,
  }));

/** Options as the tables name them, with the values that they have when nothing is set. */
const VALUES: Readonly<Record<string, unknown>> = Object.fromEntries([
  ...Object.entries(DEFAULTS),
  ...Object.entries(LATE_RESPONSE_DEFAULTS).map(([name, value]) => [`lateResponse.${name}`, value]),
  ...Object.entries(HEALTH_DEFAULTS).map(([name, value]) => [`health.${name}`, value]),
  ...Object.entries(MANAGEMENT_DEFAULTS).map(([name, value]) => [`management.${name}`, value]),
]);

describe('the tables of docs/options.md', () => {
  const options = documentedOptions().filter(
    ({ name, defaultText }) => name.includes('.') || defaultText !== undefined,
  );

  it('has every option, no other, and in the order of the source', () => {
    expect(rows.map(({ name }) => name)).toEqual(options.map(({ name }) => name));
  });

  it.each(options)(
    'tells the type, the default and the variable of $name as the source does',
    ({ name, ...documented }) => {
      const { type, byDefault, variable } = rows.find((row) => row.name === name) ?? {};
      expect({ type, defaultText: byDefault, variable }).toEqual(documented);
    },
  );

  it.each(rows)('says what $name means, and why to change it', ({ meaning, reason }) => {
    expect(meaning).toMatch(/\w.*\.$/);
    expect(reason).toMatch(/\w.*\.$/);
  });

  it.each(Object.entries(VALUES))('tells for %s what is true', (name, value) => {
    const { byDefault } = rows.find((row) => row.name === name) ?? {};
    expect(byDefault).toMatch(startOf(value, name));
  });
});

/** How a default begins that is this value; a code is no amount. */
function startOf(value: unknown, name: string): RegExp {
  const isAmount = typeof value === 'number' && !name.endsWith('Code');
  const number = isAmount ? String(value).replace(/(?=(\d{3})+$)\B/g, ' ') : undefined;
  if (number !== undefined) return new RegExp(`^${number}(?!\\d)`);
  if (Array.isArray(value) && value.length === 0) return /^none$/;
  const source = Array.isArray(value) ? `[${value.map((item) => `'${item}'`).join(', ')}]` : literal(value);
  return new RegExp(`^\`${source.replace(/[[\]]/g, '\\$&')}\``);
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
