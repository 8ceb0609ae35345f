import { read } from './markdown.js';

interface Panel {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(read('docs/grafana-dashboard.json')) as { readonly panels: readonly Panel[] };

/** The panels of docs/grafana-dashboard.json. */
export const { panels } = dashboard;

/** What they ask Prometheus. */
export const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
