import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { USUAL_FACTS } from '../../../src/planning/facts.js';
import { manifestOf } from '../../../src/planning/manifest.js';
import { plan } from '../../../src/planning/plan.js';
import { planText } from '../../../src/planning/plan-text.js';
import { read } from '../docs/markdown.js';

describe('a manifest of the documentation', () => {
  it.each([
    ['docs/deployment.yaml', {}],
    ['docs/deployment-with-prestop.yaml', { preStopMs: 5_000 }],
  ])('is what the plan prints: %s', (path, given) => {
    expect(read(path)).toBe(manifestOf(plan(USUAL_FACTS, given)));
  });
});

describe('a manifest', () => {
  it('has the probe, the sleep and the grace period of its plan', () => {
    const facts = { ...USUAL_FACTS, probePeriodMs: 7_000, failureThreshold: 3, slowestRequestMs: 90_000 };
    expect(parse(manifestOf(plan(facts, { preStopMs: 4_000 })))).toMatchObject({
      spec: {
        template: {
          spec: {
            terminationGracePeriodSeconds: 122,
            containers: [
              {
                lifecycle: { preStop: { sleep: { seconds: 4 } } },
                readinessProbe: { periodSeconds: 7, failureThreshold: 3 },
              },
            ],
          },
        },
      },
    });
  });
});

describe('the reason of each part', () => {
  it.each([
    [{}, {}, 'a failed probe: 2 s with a period of 2 s. Removed endpoints are gone everywhere after 3 s.'],
    [{ failureThreshold: 2 }, {}, '2 failed probes: 4 s with a period of 2 s.'],
    [{}, { preStopMs: 2_000 }, 'gone everywhere after 3 s, 2 s of it during the preStop sleep.'],
    [{}, { preStopMs: 3_000 }, 'gone everywhere after 3 s, all of it during the preStop sleep.'],
    [{}, { announceDelayMs: 7_000 }, 'The application announces for 7 s.'],
    [{ announceNeedMs: 6_000 }, {}, 'In the report, the last request arrived 6 s after the signal.'],
    [{}, { quietPeriodMs: 100 }, 'announceDelayMs   10 s  Load balancers'],
    [{}, { quietPeriodMs: 100 }, 'With quietPeriodMs, this is the upper limit.'],
    [{}, {}, 'The slowest request takes 15 s, which leaves 3 s.'],
    [{ slowestRequestMs: 25_000 }, {}, 'The slowest request takes 25 s.\n'],
    [{}, { reconnectWindowMs: 15_000 }, 'Sending clients away over the reconnect window needs 20 s.\n'],
    [{}, { drainTimeoutMs: 15_000 }, 'spare              3 s  No phase uses it.'],
    [{}, {}, 'The hooks take 3 s, which leaves 2 s.'],
  ])('is told: %j %j', (facts, given, sentence) => {
    expect(planText(plan({ ...USUAL_FACTS, ...facts }, given))).toContain(sentence);
  });
});
