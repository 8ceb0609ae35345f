import { describe, expect, it } from '@jest/globals';
import { htmlReport } from '../../../src/cli/html-report.js';
import { SAMPLE_REPORT } from '../core/sample-report.js';

describe('the page of a report', () => {
  it('remarks on what was overtaken, and on nothing else that completed', () => {
    const quick = { phase: 'release', outcome: 'completed', startedMs: 23_000, durationMs: 40 } as const;
    const page = htmlReport({
      ...SAMPLE_REPORT,
      participants: [
        { ...quick, name: 'quick' },
        { ...quick, name: 'slow', durationMs: 1_500, overtakenMs: 23_900 },
      ],
    });

    expect(page).toMatch(/>slow<.*>1500 ms overtaken</);
    expect(page).toMatch(/>quick<.*>40 ms</);
  });
});
