import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { METRICS } from '../../../src/metrics/metric-definitions.js';
import { PHASES } from '../../../src/core/phase.js';
import { panels, queries } from './dashboard.js';
import { read, section, tableRows } from './markdown.js';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

const alerts = (parse(read('docs/prometheus-alerts.yaml')) as Rules).groups.flatMap(({ rules }) => rules);

/** The metrics that an expression has, each with the labels by which it selects. */
function selectionsOf(expression: string): { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expression.matchAll(/(graceful_shutdown_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', inside = '']) => ({
      name,
      labels: [...inside.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g)].map(([, label = '']) => label),
    }),
  );
}

/** What Prometheus adds to every metric. */
const OF_THE_SCRAPE = ['job', 'instance'];

function unknownIn(expressions: readonly string[]): string[] {
  return expressions.flatMap((expression) => {
    const selections = selectionsOf(expression);
    const labels = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    return selections.flatMap(({ name, labels: selected }) => {
      const metric = METRICS.find((candidate) => candidate.name === name);
      if (!metric) return [name];
      const known = [...metric.labelNames, ...OF_THE_SCRAPE];
      return [...selected, ...labels]
        .filter((label) => !known.includes(label))
        .map((label) => `${name}{${label}}`);
    });
  });
}

interface ReportSchema {
  readonly properties: {
    readonly reason: { readonly properties: { readonly kind: { readonly enum: readonly string[] } } };
    readonly participants: {
      readonly items: { readonly properties: { readonly outcome: { readonly enum: readonly string[] } } };
    };
  };
}

const { reason, participants } = (JSON.parse(read('report.schema.json')) as ReportSchema).properties;

/** The values that labels with a fixed set of them can have. */
const LABEL_VALUES: Readonly<Record<string, readonly string[]>> = {
  phase: PHASES,
  reason: reason.properties.kind.enum,
  outcome: [...participants.items.properties.outcome.enum, 'pending'],
};

/** The values of labels by which an expression selects, and which no metric ever has. */
function impossibleIn(expression: string): string[] {
  return [...expression.matchAll(/(\w+)\s*(?:=~|!=|!~|=)"([^"]*)"/g)].flatMap(([, label = '', values = '']) =>
    values
      .split('|')
      .filter((value) => LABEL_VALUES[label]?.includes(value) === false)
      .map((value) => `${label}="${value}"`),
  );
}

describe('docs/grafana-dashboard.json', () => {
  it('shows every metric there is, and no other, by labels that they have', () => {
    expect(unknownIn(queries)).toEqual([]);
    expect(new Set(queries.flatMap(selectionsOf).map(({ name }) => name))).toEqual(
      new Set(METRICS.map(({ name }) => name)),
    );
  });

  it('has panels that do not lie upon each other', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe('docs/prometheus-alerts.yaml', () => {
  it('looks at metrics that there are, by labels that they have', () => {
    expect(alerts.length).toBeGreaterThan(0);
    expect(unknownIn(alerts.map(({ expr }) => expr))).toEqual([]);
  });

  it('selects by values that labels can have', () => {
    expect(alerts.flatMap(({ expr }) => impossibleIn(expr))).toEqual([]);
  });

  it('has the alerts that docs/metrics.md tells of', () => {
    const rows = tableRows(section('docs/metrics.md', 'Dashboard and alerts'));
    expect(rows.map(([alert]) => alert)).toEqual(alerts.map(({ alert }) => `\`${alert}\``));
  });

  it('has no alert that is not tried', () => {
    const tried = read('test/unit/docs/prometheus/alerts.test.yaml');
    expect(alerts.filter(({ alert }) => !tried.includes(`alertname: ${alert}`))).toEqual([]);
  });
});
