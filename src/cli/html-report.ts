import { milliseconds } from '../util/milliseconds.js';
import { cutLines, failureLines, headline, pendingLines } from '../report/report-lines.js';
import { escaped } from './escaped.js';
import { sentences } from './report-sentences.js';
import { svgBudget } from './svg-budget.js';
import { svgCurve } from './svg-curve.js';
import { svgTimeline } from './svg-timeline.js';
import type { ShutdownReport } from '../core/report.js';

/** Renders a report as a self-contained HTML page, light and dark: no scripts, no other files, no network. */
export function htmlReport(report: ShutdownReport): string {
  const title = headline(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1 class="${escaped(report.status)}">${escaped(title)}</h1>
<p>${sentences(report).map(escaped).join(' ')}</p>
<dl>
${facts(report)
  .map(([term, text]) => `<div><dt>${escaped(term)}</dt><dd>${escaped(text)}</dd></div>`)
  .join('\n')}
</dl>
${chart('Grace period', svgBudget(report))}
${chart('In flight', svgCurve(report))}
${chart('Timeline', svgTimeline(report))}
${list('Pending', pendingLines(report))}
${list('Failed, abandoned or skipped', failureLines(report))}
${list('Cut', cutLines(report))}
${statistics(report)}
</body>
</html>
`;
}

function facts(report: ShutdownReport): [string, string][] {
  const { startedAt, durationMs, gracePeriodMs, remainingMs, announceNeedMs, phases } = report;
  const announcedMs = phases.find(({ phase }) => phase === 'announce')?.durationMs ?? 0;
  const resources = Object.entries(report.activeResources).map(([kind, count]) => `${count} ${kind}`);
  return [
    ['Trigger', startedAt],
    ['Duration', `${milliseconds(durationMs)} of ${milliseconds(gracePeriodMs)}`],
    ['Grace period left', milliseconds(remainingMs)],
    ...(announceNeedMs === undefined
      ? []
      : [
          [
            'Last request',
            `${milliseconds(announceNeedMs)} after the trigger; announced for ${milliseconds(announcedMs)}`,
          ] as [string, string],
        ]),
    ...(resources.length === 0 ? [] : [['Open handles at exit', resources.join(', ')] as [string, string]]),
  ];
}

function chart(heading: string, svg: string): string {
  return svg === '' ? '' : `<h2>${heading}</h2>\n<div class="chart">${svg}</div>`;
}

function list(heading: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const items = lines.map((line) => `<li>${escaped(line)}</li>`);
  return `<h2>${heading}</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function statistics(report: ShutdownReport): string {
  const rows = Object.entries(report.statistics).map(([name, numbers]) => {
    const text = Object.entries(numbers).map(([what, count]) => `${what} ${count}`);
    return `<tr><th scope="row">${escaped(name)}</th><td>${escaped(text.join(', '))}</td></tr>`;
  });
  return rows.length === 0 ? '' : `<h2>Statistics</h2>\n<table>\n${rows.join('\n')}\n</table>`;
}

const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
  --phase: #8250df; --good: #1a7f37; --bad: #cf222e; --late: #bc4c00; --none: #818b98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --ground: #0d1117;
    --phase: #ab7df8; --good: #3fb950; --bad: #f85149; --late: #f0883e; --none: #9198a1;
  }
}
@media print {
  :root {
    color-scheme: light;
    --text: #000000; --quiet: #444444; --line: #bbbbbb; --ground: #ffffff;
    --phase: #8250df; --good: #1a7f37; --bad: #cf222e; --late: #bc4c00; --none: #818b98;
  }
  body { margin: 0; max-width: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; }
  svg, li { break-inside: avoid; }
}
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; padding-left: .7rem; border-left: .4rem solid var(--bad); }
h1.completed { border-color: var(--good); }
h2 { font-size: 1rem; margin-top: 2rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; }
dt, .tick text { color: var(--quiet); fill: var(--quiet); }
dd { margin: 0; }
li { overflow-wrap: anywhere; }
th { text-align: left; font-weight: normal; padding-right: 2rem; vertical-align: top; color: var(--quiet); }
.chart { overflow-x: auto; }
svg { width: 100%; min-width: 40rem; height: auto; font-size: 12px; }
svg text { fill: var(--text); dominant-baseline: central; }
svg line { stroke: var(--line); }
.budget .left { fill: var(--line); }
.budget .used { fill: var(--phase); }
.budget .reserve { stroke: var(--text); stroke-dasharray: 3 3; }
.area { fill: var(--phase); opacity: .25; }
.curve { fill: none; stroke: var(--phase); stroke-width: 2; }
svg .phase { font-weight: 600; }
.phase rect { fill: var(--phase); }
.completed rect { fill: var(--good); }
.failed rect { fill: var(--bad); }
.abandoned rect { fill: var(--late); }
.skipped rect { fill: var(--none); }
`;
