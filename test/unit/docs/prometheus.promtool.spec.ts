import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { requireTool } from '../../../scripts/find-tools.mjs';
import { queries } from './dashboard.js';
import { ROOT } from './markdown.js';

function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(requireTool('promtool'), args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

it('docs/grafana-dashboard.json has expressions that Prometheus can read', () => {
  const rules = queries.map((query, index) => ({
    record: `target:${index}`,
    expr: query.replaceAll('$__range', '1h').replaceAll(/\$\w+/g, '.*'),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { status, output } = promtool('check', 'rules', join(folder, 'rules.yaml'));
  rmSync(folder, { recursive: true });
  expect([status, output]).toEqual([0, expect.stringContaining(`${queries.length} rules found`)]);
});

it('docs/prometheus-alerts.yaml alerts when it should, and only then', () => {
  const { status, output } = promtool('test', 'rules', `${ROOT}test/unit/docs/prometheus/alerts.test.yaml`);
  expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
});
