import { describe, expect, it } from '@jest/globals';
import { USUAL_FACTS } from '../../../src/planning/facts.js';
import { withReport, type PlannedReport } from '../../../src/planning/from-report.js';

const REPORT: PlannedReport = {
  gracePeriodMs: 28_000,
  releaseReserveMs: 5_000,
  announceNeedMs: 6_200.4,
  phases: [
    { phase: 'announce', startedMs: 0, durationMs: 5_000 },
    { phase: 'drain', startedMs: 5_000, durationMs: 16_000.2 },
    { phase: 'release', startedMs: 21_000, durationMs: 2_500 },
    { phase: 'flush', startedMs: 23_500, durationMs: 700 },
  ],
  cuts: [],
};

describe('a report', () => {
  it('has facts, of which the longer ones count, and what the pod granted', () => {
    expect(withReport(USUAL_FACTS, {}, REPORT)).toEqual({
      facts: { ...USUAL_FACTS, slowestRequestMs: 16_001, hooksMs: 3_200, announceNeedMs: 6_201 },
      given: { podGracePeriodMs: 30_000, releaseReserveMs: 5_000 },
      warnings: [],
    });
  });

  it('yields to what is given', () => {
    const slower = { ...USUAL_FACTS, slowestRequestMs: 40_000, hooksMs: 9_000 };
    const given = { preStopMs: 5_000, releaseReserveMs: 9_000 };
    expect(withReport(slower, given, REPORT)).toMatchObject({
      facts: { slowestRequestMs: 40_000, hooksMs: 9_000 },
      given: { ...given, podGracePeriodMs: 35_000 },
    });
  });

  it('of cut work shows that the work takes longer', () => {
    const cut = { name: 'GET /a\nb', ageMs: 20_000.5, phase: 'drain', participant: 'HTTP server' } as const;
    const cuts = [
      { ...cut, kind: 'task', name: 'mail', ageMs: 3 },
      { ...cut, kind: 'request' },
    ];
    expect(withReport(USUAL_FACTS, {}, { ...REPORT, cuts })).toMatchObject({
      facts: { slowestRequestMs: 20_001 },
      warnings: [
        'request GET /a\\nb was cut after 20.001 s: it takes longer than that, and so does the slowest request.',
      ],
    });
  });

  it('without a grace period tells none', () => {
    const report = { ...REPORT, gracePeriodMs: null as unknown as number, releaseReserveMs: Infinity };
    expect(withReport(USUAL_FACTS, {}, report).given).toEqual({});
  });
});
