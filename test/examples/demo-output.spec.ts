import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '#rehearsal/load/outcome.js';
import { Tally } from '#rehearsal/load/tally.js';
import { LiveProgress } from '#rehearsal/output/live-progress.js';
import type { DemoResult } from './demo/run.js';
import { formatTable, headline, problemsOf } from './demo/summary.js';

function tallyOf(outcomes: Record<string, Outcome[]>): Tally {
  const tally = new Tally();
  for (const [kind, ends] of Object.entries(outcomes)) {
    for (const outcome of ends) {
      const plan = { kind, method: 'GET', path: '/' } as const;
      tally.sent(plan);
      tally.ended({ plan, outcome, retired: outcome === 'answered' });
    }
  }
  return tally;
}

const clean: DemoResult = {
  mode: 'with',
  tally: tallyOf({ read: ['answered', 'answered'], quote: ['answered'] }),
  inFlightAtSignal: 1,
  sentAfterSignal: 2,
  jobs: { accepted: 4, finished: 4 },
  balancer: { learntMs: 90.4, stoppedMs: 591 },
  exit: { code: 0, signal: null, output: '' },
  exitMs: 1234.5,
  report: {} as NonNullable<DemoResult['report']>,
};
const { report: _, ...withoutReport } = clean;

describe('the verdict of the demo', () => {
  it('is that nothing was lost when every request was answered and every mail was sent', () => {
    expect(problemsOf(clean)).toEqual([]);
    expect(headline(clean)).toBe('Nothing was lost: 3 requests answered in full, 4 accepted mails sent.');
  });

  it.each<[string, DemoResult]>([
    ['1 of 2 requests were lost', { ...clean, tally: tallyOf({ read: ['answered', 'refused'] }) }],
    ['1 of 2 requests were lost', { ...clean, tally: tallyOf({ read: ['answered', 'late'] }) }],
    ['3 of 4 accepted mails were never sent', { ...clean, jobs: { accepted: 4, finished: 1 } }],
    ['the process ended with exit code 124', { ...clean, exit: { code: 124, signal: null, output: '' } }],
    ['the process ended with SIGKILL', { ...clean, exit: { code: null, signal: 'SIGKILL', output: '' } }],
    ['there is no report of the shutdown', withoutReport],
    ['no request was sent after the SIGTERM: nothing is proved', { ...clean, sentAfterSignal: 0 }],
    [
      'no request was sent after the SIGTERM: nothing is proved',
      { ...clean, balancer: { learntMs: -5, stoppedMs: 495 } },
    ],
  ])('is a failure: %s', (problem, result) => {
    expect(problemsOf(result)).toEqual([problem]);
    expect(headline(result)).toBe(`FAILED: ${problem}.`);
  });

  it('is a plain statement of the losses on bare Nest', () => {
    const result: DemoResult = {
      ...withoutReport,
      mode: 'without',
      tally: tallyOf({ read: ['answered', 'server-error', 'truncated'] }),
      jobs: { accepted: 4, finished: 1 },
    };
    expect(headline(result)).toBe('Bare Nest lost 2 of 3 requests and 3 of 4 accepted mails.');
  });
});

describe('the table of the demo', () => {
  it('has a column per kind, a row per outcome, and the figures of the shutdown', () => {
    const tally = tallyOf({ read: ['answered', 'server-error'], quote: ['truncated', 'reset-reused'] });
    expect(formatTable({ ...clean, tally }).split('\n')).toEqual([
      'requests                  read   quote   total',
      'sent                         2       2       4',
      'answered in full             1       -       1',
      '5xx                          1       -       1',
      '503, late                    -       -       -',
      'reset, reused socket         -       1       1',
      'reset, new socket            -       -       -',
      'refused                      -       -       -',
      'truncated body               -       1       1',
      'timed out                    -       -       -',
      'anything else                -       -       -',
      '',
      'at SIGTERM            1 requests in flight; 2 more were sent after it',
      'balancer              saw readiness fall after 90 ms, last request after 591 ms',
      'retired connections   1: so many responses said Connection: close',
      'mails                 4 accepted, 4 sent',
      'exit                  code 0, 1235 ms after SIGTERM',
    ]);
  });
});

describe('the live progress of the demo', () => {
  function shown(isTTY: boolean): string {
    let text = '';
    const live = new LiveProgress({ isTTY, write: (more: string) => (text += more) });
    live.update('sent 1');
    live.update('sent 1');
    live.note('SIGTERM');
    live.clear();
    return text.replaceAll(/\d+\.\d s/g, '# s');
  }

  it('writes over its own line on a terminal', () => {
    const clear = '\r\u001b[2K';
    const expected = `${clear}   # s  sent 1${clear}   # s  sent 1${clear}   # s  SIGTERM\n${clear}`;
    expect(shown(true)).toBe(expected);
  });

  it('writes plain lines to a log, and none twice', () => {
    expect(shown(false)).toBe('   # s  sent 1\n   # s  SIGTERM\n');
  });
});
