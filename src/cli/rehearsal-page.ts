import { lossSentence, punctualitySentence } from '../rehearsal/output/sentences.js';
import { PROMISES } from '../rehearsal/promises.js';
import { escaped } from '../util/escaped.js';
import { htmlPage } from './html-page.js';
import { sentences } from './report-sentences.js';
import { svgOutcomes } from './svg-outcomes.js';
import { svgTimeline } from './svg-timeline.js';
import type { ShutdownReport } from '../core/report.js';
import type { RehearsalReport } from '../rehearsal/rehearsal-report.js';
import type { RunRecord } from '../rehearsal/run-record.js';
import type { Verdict } from '../rehearsal/verdict.js';

/** How many runs get a curve: those that lost something come first. */
const MOST_CURVES = 10;

/**
 * Renders a rehearsal as a self-contained HTML page.
 *
 * @param own the report of the application on the last shutdown, or why there is none
 */
export function rehearsalPage(report: RehearsalReport, own?: ShutdownReport | string): string {
  const { application, signal, verdicts, exitCode } = report;
  const title = `${application}: ${exitCode === 0 ? 'every promise was kept' : 'promises were broken'} after ${signal}`;
  const body = `<p>${[lossSentence(report), punctualitySentence(report)].map(escaped).join(' ')}</p>
<h2>Promises</h2>
<table>
${verdicts.map(row).join('\n')}
</table>
${curves(report.runs)}
${own === undefined ? '' : ownReport(own)}`;
  return htmlPage({ title, status: exitCode === 0 ? 'completed' : 'failed', body });
}

function row({ promise, state, evidence, change = '' }: Verdict): string {
  const { title } = PROMISES.find(({ id }) => id === promise)!;
  const mend = state === 'broken' ? `<p>To mend: ${escaped(change)}</p>` : '';
  return `<tr class="${state}"><th scope="row">${state}</th><td>${escaped(title)}</td><td>${evidence.map(escaped).join('<br>')}${mend}</td></tr>`;
}

function ownReport(report: ShutdownReport | string): string {
  const heading = '<h2>The report of the application on the last shutdown</h2>';
  if (typeof report === 'string') return `${heading}\n<p>${escaped(report)}</p>`;
  const text = sentences(report).map(escaped).join(' ');
  return `${heading}\n<p>${text}</p>\n<div class="chart">${svgTimeline(report)}</div>`;
}

function curves(runs: readonly RunRecord[]): string {
  const lost = ({ before, after }: RunRecord): number =>
    before.sent + after.sent - before.answered - after.answered;
  return runs
    .map((run, index) => ({
      run,
      name: runs.length === 1 ? 'Requests by their ends' : `Restart ${index + 1}`,
    }))
    .toSorted((one, other) => lost(other.run) - lost(one.run))
    .slice(0, MOST_CURVES)
    .map(({ run, name }) => `<h2>${name}</h2>\n<div class="chart">${svgOutcomes(run)}</div>`)
    .join('\n');
}
