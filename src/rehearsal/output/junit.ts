import { escaped } from '../../util/escaped.js';
import { PROMISES } from '../promises.js';
import { lossSentence, punctualitySentence } from './sentences.js';
import type { RehearsalReport } from '../rehearsal-report.js';
import type { Verdict } from '../verdict.js';

/** Renders the verdicts as a JUnit file: a test case per promise. */
export function rehearsalJunit(report: RehearsalReport): string {
  const { verdicts, application } = report;
  const count = (state: Verdict['state']): number =>
    verdicts.filter((verdict) => verdict.state === state).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escaped(`rehearsal of ${application}`)}" tests="${verdicts.length}" failures="${count('broken')}" skipped="${count('unseen')}">`,
    ...verdicts.map(testCase),
    `  <system-out>${escaped(`${lossSentence(report)}\n${punctualitySentence(report)}`)}</system-out>`,
    '</testsuite>',
    '',
  ].join('\n');
}

function testCase({ promise, state, evidence, change = '' }: Verdict): string {
  const { title } = PROMISES.find(({ id }) => id === promise)!;
  const opening = `  <testcase classname="rehearsal" name="${escaped(title)}"`;
  const [first = '', ...rest] = evidence.map(escaped);
  switch (state) {
    case 'kept':
      return `${opening}/>`;
    case 'unseen':
      return `${opening}><skipped message="${first}"/></testcase>`;
    case 'broken':
      return `${opening}><failure message="${first}">${[...rest, `to fix it: ${escaped(change)}`].join('\n')}</failure></testcase>`;
  }
}
