import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { METRICS } from '../../../src/metrics/metric-definitions.js';
import { read, ROOT, section, tableRows } from './markdown.js';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

const dashboard = JSON.parse(read('docs/grafana-dashboard.json')) as { readonly panels: readonly Panel[] };
const alerts = (parse(read('docs/prometheus-alerts.yaml')) as Rules).groups.flatMap(({ rules }) => rules);
const targets = dashboard.panels.flatMap((panel) => panel.targets);

/** Runs promtool, of Debian's package prometheus. */
function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, output: error ? error.message : stdout + stderr };
}

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

describe('docs/grafana-dashboard.json', () => {
  it('shows every metric there is, and no other, by labels that they have', () => {
    const expressions = targets.map(({ expr }) => expr);
    expect(unknownIn(expressions)).toEqual([]);
    expect(new Set(expressions.flatMap(selectionsOf).map(({ name }) => name))).toEqual(
      new Set(METRICS.map(({ name }) => name)),
    );
  });

  it('has expressions that Prometheus can read', () => {
    const rules = targets.map(({ expr }, index) => ({
      record: `target:${index}`,
      expr: expr.replaceAll('$__range', '1h').replaceAll(/\$\w+/g, '.*'),
    }));
    const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { status, output } = promtool('check', 'rules', join(folder, 'rules.yaml'));
    rmSync(folder, { recursive: true });
    expect([status, output]).toEqual([0, expect.stringContaining(`${targets.length} rules found`)]);
  });

  it('has panels that do not lie upon each other', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe('docs/prometheus-alerts.yaml', () => {
  it('looks at metrics that there are, by labels that they have', () => {
    expect(alerts.length).toBeGreaterThan(0);
    expect(unknownIn(alerts.map(({ expr }) => expr))).toEqual([]);
  });

  it('alerts when it should, and only then', () => {
    const { status, output } = promtool('test', 'rules', `${ROOT}test/unit/docs/prometheus/alerts.test.yaml`);
    expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
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
