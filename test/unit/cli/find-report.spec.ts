import { describe, expect, it } from '@jest/globals';
import { findReport, isCurrent } from '../../../src/cli/find-report.js';
import { fieldsOf } from '../../../src/report/log-entry.js';
import { outcomeEntry } from '../../../src/report/outcome-entry.js';
import { SAMPLE_REPORT } from '../core/sample-report.js';

const json = JSON.stringify(SAMPLE_REPORT);
const line = JSON.stringify({ level: 'error', ...fieldsOf(outcomeEntry(SAMPLE_REPORT)) });

describe('a report', () => {
  it.each([
    ['a file of its own', JSON.stringify(SAMPLE_REPORT, undefined, 2)],
    ['a log', `started\n${line}\nbye {"so": "what"}\n`],
    ['a log whose collector puts something in front', `2026-11-30 orders-1 ${line}\n`],
    ['a log whose collector nests the lines', `{"message":${line}}`],
    ['a line that somebody has made of it', `shutdown report ${json}`],
  ])('is found in %s', (_where, text) => {
    expect(findReport(text)).toEqual(SAMPLE_REPORT);
  });

  it('of another version is found and distinguished', () => {
    const former = line.replace('"version":2', '"version":1');
    const found = [json, former, `${line}\n${former}`, `${former}\n${line}`].map((text) => findReport(text));
    expect(found.map((report) => report?.version)).toEqual([2, 1, 1, 2]);
    expect(found.map((report) => report && isCurrent(report))).toEqual([true, false, false, true]);
  });

  it('is the last one of a log', () => {
    const first = line.replace('"forced"', '"failed"');
    expect(findReport(`${first}\n${line}`)).toMatchObject({ status: 'forced' });
  });

  it.each(['', 'null', '{}', '[1]', '{"version":2,"phases":[]}', 'shutdown report {"version":1', 'text'])(
    'is not found in %j',
    (text) => {
      expect(findReport(text)).toBeUndefined();
    },
  );
});
