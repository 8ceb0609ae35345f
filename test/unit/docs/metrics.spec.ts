import { describe, expect, it } from '@jest/globals';
import { METRICS } from '../../../src/metrics/metric-definitions.js';
import { read, tableRows } from './markdown.js';

describe('docs/metrics.md', () => {
  it('has every metric, with its type and its labels, and no other', () => {
    const rows = tableRows(read('docs/metrics.md')).map(([name, type, labels]) => [name, type, labels]);
    expect(rows).toEqual(
      METRICS.map(({ name, type, labelNames }) => [
        `\`${name}\``,
        type,
        labelNames.map((label) => `\`${label}\``).join(', '),
      ]),
    );
  });
});
