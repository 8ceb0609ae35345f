import { milliseconds } from '../util/milliseconds.js';
import { cutLines, failureLines, headline, pendingLines } from '../report/report-lines.js';
import { escaped } from '../util/escaped.js';
import { htmlPage } from './html-page.js';
import { sentences } from './report-sentences.js';
import { svgBudget } from './svg-budget.js';
import { svgCurve } from './svg-curve.js';
import { svgTimeline } from './svg-timeline.js';
import type { ShutdownReport } from '../core/report.js';

/** Renders a report as a self-contained HTML page. */
export function htmlReport(report: ShutdownReport): string {
  const title = headline(report);
  const body = `<p>${sentences(report).map(escaped).join(' ')}</p>
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
${statistics(report)}`;
  return htmlPage({ title, status: report.status, body });
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
