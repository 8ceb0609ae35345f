import { PROMISES } from '../promises.js';
import { lossSentence, punctualitySentence } from './sentences.js';
import type { RehearsalReport } from '../rehearsal-report.js';
import type { Verdict } from '../verdict.js';

const STATE_WIDTH = 8;
const TITLE_WIDTH = Math.max(...PROMISES.map(({ title }) => title.length)) + 2;

/** Renders the verdicts for a terminal or a log. */
export function rehearsalText(report: RehearsalReport): string {
  const { application, signal, graceMs, verdicts, fleet, cluster } = report;
  const broken = verdicts.filter(({ state }) => state === 'broken').length;
  const behind = fleet ? `, ${fleet.size} instances behind the balancer ${fleet.balancer}` : '';
  const replaced = cluster ? `, workers replaced by ${cluster.replacedBy}` : '';
  return [
    `${application}: ${signal} under load, grace period ${graceMs} ms${behind}${replaced}`,
    '',
    ...verdicts.flatMap(linesOf),
    '',
    lossSentence(report),
    punctualitySentence(report),
    broken === 0
      ? 'Every promise that was seen was kept.'
      : `${broken} of ${verdicts.length} promises ${broken === 1 ? 'was' : 'were'} broken.`,
  ].join('\n');
}

function linesOf({ promise, state, evidence, change }: Verdict): string[] {
  const title = PROMISES.find(({ id }) => id === promise)!.title;
  const [first = '', ...rest] = evidence;
  const label = state === 'broken' ? 'BROKEN' : state;
  const indent = ' '.repeat(STATE_WIDTH);
  return [
    `${label.padEnd(STATE_WIDTH)}${title.padEnd(TITLE_WIDTH)}${first}`,
    ...rest.map((line) => `${indent}  ${line}`),
    ...(change === undefined
      ? []
      : [`${indent}  ${state === 'broken' ? 'to fix it' : 'to see it'}: ${change}`]),
  ];
}
