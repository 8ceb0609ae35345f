import { OUTCOMES, type Outcome } from '#rehearsal/load/outcome.js';
import type { Tally } from '#rehearsal/load/tally.js';
import type { DemoResult } from './run.js';

const LABEL_WIDTH = 22;
const COLUMN_WIDTH = 8;

const LABELS: Readonly<Record<Outcome, string>> = {
  answered: 'answered in full',
  'server-error': '5xx',
  late: '503, late',
  'reset-reused': 'reset, reused socket',
  'reset-new': 'reset, new socket',
  refused: 'refused',
  truncated: 'truncated body',
  'timed-out': 'timed out',
  unexpected: 'anything else',
};

/** What became of the requests, a column per kind, and the figures of the shutdown. */
export function formatTable(result: DemoResult): string {
  const { tally, jobs, balancer, exit, exitMs } = result;
  const learnt = result.mode === 'with' ? 'saw readiness fall' : 'was told';
  const facts = [
    [
      'at SIGTERM',
      `${result.inFlightAtSignal} requests in flight; ${result.sentAfterSignal} more were sent after it`,
    ],
    ['balancer', `${learnt} after ${ms(balancer.learntMs)}, last request after ${ms(balancer.stoppedMs)}`],
    ['retired connections', `${tally.retired}: so many responses said Connection: close`],
    ['mails', `${jobs.accepted} accepted, ${jobs.finished} sent`],
    ['exit', `${exit.signal ?? `code ${exit.code}`}, ${ms(exitMs)} after SIGTERM`],
  ];
  return [
    row('requests', [...tally.kinds, 'total']),
    row('sent', counts(tally, 'sent')),
    ...OUTCOMES.map((outcome) => row(LABELS[outcome], counts(tally, outcome))),
    '',
    ...facts.map(([label = '', fact = '']) => label.padEnd(LABEL_WIDTH) + fact),
  ].join('\n');
}

/** What a deployment must not do; empty when nothing was lost and the process ended as it should. */
export function problemsOf({ tally, jobs, balancer, exit, report, sentAfterSignal }: DemoResult): string[] {
  const lostMails = jobs.accepted - jobs.finished;
  return [
    ...(tally.lost > 0 ? [`${tally.lost} of ${tally.count('sent')} requests were lost`] : []),
    ...(lostMails > 0 ? [`${lostMails} of ${jobs.accepted} accepted mails were never sent`] : []),
    ...(exit.code === 0 ? [] : [`the process ended with ${exit.signal ?? `exit code ${exit.code}`}`]),
    ...(report ? [] : ['there is no report of the shutdown']),
    ...(balancer.learntMs >= 0 && sentAfterSignal > 0
      ? []
      : ['no request was sent after the SIGTERM: nothing is proved']),
  ];
}

/** The result in a sentence. */
export function headline(result: DemoResult): string {
  const { mode, tally, jobs } = result;
  const lostMails = jobs.accepted - jobs.finished;
  if (mode === 'without') {
    return `Bare Nest lost ${tally.lost} of ${tally.count('sent')} requests and ${lostMails} of ${jobs.accepted} accepted mails.`;
  }
  const problems = problemsOf(result);
  if (problems.length > 0) return `FAILED: ${problems.join('; ')}.`;
  return `Nothing was lost: ${tally.count('sent')} requests answered in full, ${jobs.finished} accepted mails sent.`;
}

function counts(tally: Tally, what: Outcome | 'sent'): string[] {
  return [...tally.kinds.map((kind) => tally.count(what, kind)), tally.count(what)].map((count) =>
    String(count || '-'),
  );
}

function row(label: string, cells: readonly string[]): string {
  return label.padEnd(LABEL_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('');
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}
