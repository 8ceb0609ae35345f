import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bootNotes } from '../../../src/config/boot-notes.js';
import { MARGIN_MS } from '../../../src/config/budget.js';
import { USUAL_FACTS, type Facts } from '../../../src/planning/facts.js';
import { plan, type Plan } from '../../../src/planning/plan.js';
import { resolve } from '../config/resolve.js';
import type { ResolvedOptions } from '../../../src/config/resolved-options.js';
import type { GivenOptions } from '../../../src/planning/given-options.js';

const ms = fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 20_000_000 }));
const seconds = (min: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min, max: 60 }), fc.integer({ min, max: 20_000 })).map((count) => count * 1_000);

const anyFacts: fc.Arbitrary<Facts> = fc.record(
  {
    probePeriodMs: fc.integer({ min: 1, max: 60 }).map((count) => count * 1_000),
    failureThreshold: fc.integer({ min: 1, max: 10 }),
    propagationMs: ms,
    slowestRequestMs: ms.map((value) => value + 1),
    hooksMs: ms,
    announceNeedMs: ms,
  },
  { requiredKeys: ['probePeriodMs', 'failureThreshold', 'propagationMs', 'slowestRequestMs', 'hooksMs'] },
);
const anyOptions: fc.Arbitrary<GivenOptions> = fc.record(
  {
    preStopMs: seconds(0),
    announceDelayMs: ms,
    quietPeriodMs: ms,
    releaseReserveMs: ms,
    drainTimeoutMs: ms,
    reconnectWindowMs: ms,
    gracePeriodMs: ms.map((value) => value + 1),
    podGracePeriodMs: seconds(1),
  },
  { requiredKeys: [] },
);

/** The options as the application has them in a pod that follows the plan. */
function resolvedIn({ options, terminationGracePeriodSeconds }: Plan): ResolvedOptions {
  return resolve(options, {
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    TERMINATION_GRACE_PERIOD_SECONDS: String(terminationGracePeriodSeconds),
  });
}

describe('a plan', () => {
  it('always fits: the application boots with it, and every part has the time that it needs', () => {
    fc.assert(
      fc.property(anyFacts, anyOptions, (facts, given) => {
        const made = plan(facts, given);
        const resolved = resolvedIn(made);

        const noticeMs = facts.probePeriodMs * facts.failureThreshold;
        const spreadMs = Math.max(0, facts.propagationMs - resolved.preStopMs);
        expect(resolved.announceDelayMs).toBeGreaterThanOrEqual(noticeMs + spreadMs);
        expect(resolved.announceDelayMs).toBeGreaterThanOrEqual(facts.announceNeedMs ?? 0);
        const announceMs = resolved.quietPeriodMs > 0 ? resolved.announceMaxMs : resolved.announceDelayMs;
        const leftMs = resolved.gracePeriodMs - announceMs - resolved.releaseReserveMs;
        const drainMs = Math.min(leftMs, resolved.drainTimeoutMs);
        expect(drainMs).toBeGreaterThanOrEqual(facts.slowestRequestMs);
        expect(drainMs * 0.75).toBeGreaterThanOrEqual(given.reconnectWindowMs ?? 0);
        expect(resolved.releaseReserveMs).toBeGreaterThanOrEqual(facts.hooksMs);
        expect(bootNotes(resolved)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('has terms that add up, and that the application has', () => {
    fc.assert(
      fc.property(anyFacts, anyOptions, (facts, given) => {
        const made = plan(facts, given);
        const resolved = resolvedIn(made);
        const podMs = made.terminationGracePeriodSeconds * 1_000;
        expect(made.terms.reduce((total, term) => total + term.ms, 0)).toBe(podMs);
        expect(resolved.gracePeriodMs + resolved.preStopMs + MARGIN_MS).toBe(podMs);

        const term = (name: string): number => made.terms.find((other) => other.name === name)?.ms ?? 0;
        expect(made.terms.every((other) => other.ms >= 0)).toBe(true);
        expect(term('preStopMs')).toBe(resolved.preStopMs);
        expect(term('releaseReserveMs')).toBe(resolved.releaseReserveMs);
        const announceMs = resolved.quietPeriodMs > 0 ? resolved.announceMaxMs : resolved.announceDelayMs;
        expect(term('announceDelayMs')).toBe(announceMs);
      }),
    );
  });

  it('keeps each option that suffices, and warns of each that does not', () => {
    fc.assert(
      fc.property(anyFacts, anyOptions, (facts, given) => {
        const made = plan(facts, given);
        const resolved = resolvedIn(made);
        for (const name of ['announceDelayMs', 'drainTimeoutMs', 'releaseReserveMs'] as const) {
          const isWarnedOf = made.warnings.some((warning) => warning.startsWith(`${name} is `));
          expect([name, resolved[name] === given[name]]).toEqual([
            name,
            given[name] !== undefined && !isWarnedOf,
          ]);
        }
        const podMs = made.terminationGracePeriodSeconds * 1_000;
        const isWarnedOf = made.warnings.some((warning) => /does not (suffice|fit)|Omit/.test(warning));
        expect(isWarnedOf || (given.podGracePeriodMs ?? podMs) === podMs).toBe(true);
      }),
    );
  });

  it('stays as it is, without a warning of what does not fit, for an application that follows it', () => {
    fc.assert(
      fc.property(anyFacts, anyOptions, (facts, given) => {
        const first = plan(facts, given);
        const podGracePeriodMs = first.terminationGracePeriodSeconds * 1_000;
        const second = plan(facts, { ...first.options, podGracePeriodMs });
        expect(second).toMatchObject({ options: first.options, terms: first.terms });
        expect(second.warnings.filter((warning) => /raise it\.$|suffice/.test(warning))).toEqual([]);
      }),
      {
        examples: [
          [
            {
              probePeriodMs: 1_000,
              failureThreshold: 1,
              propagationMs: 0,
              slowestRequestMs: 1,
              hooksMs: 0,
            },
            // The window is what it would be by default, for this drain.
            { drainTimeoutMs: 18, reconnectWindowMs: 9 },
          ],
        ],
      },
    );
  });

  it('never grants less for slower work', () => {
    const names = ['propagationMs', 'slowestRequestMs', 'hooksMs'] as const;
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...names), ms, (facts, name, more) => {
        const slower = plan({ ...facts, [name]: facts[name] + more });
        expect(slower.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
          plan(facts).terminationGracePeriodSeconds,
        );
      }),
    );
  });

  it('is an error, where a process cannot wait that long', () => {
    expect(() => plan({ ...USUAL_FACTS, slowestRequestMs: 2 ** 31 - 1 })).toThrow(
      'The parts add up to 2147496 s, which is longer than a process can wait.',
    );
  });
});

describe('a plan without options', () => {
  it('needs none for usual facts', () => {
    expect(plan(USUAL_FACTS)).toMatchObject({
      terminationGracePeriodSeconds: 30,
      options: {},
      terms: [
        { name: 'announceDelayMs', ms: 5_000 },
        { name: 'drain', ms: 18_000 },
        { name: 'releaseReserveMs', ms: 5_000 },
        { name: 'margin', ms: 2_000 },
      ],
      warnings: [],
    });
  });

  it.each<[string, Partial<Facts>, GivenOptions, number, GivenOptions]>([
    ['slow requests', { slowestRequestMs: 60_000 }, {}, 72, {}],
    ['slow load balancers', { failureThreshold: 3 }, {}, 31, { announceDelayMs: 9_000 }],
    ['slower hooks', { hooksMs: 5_000 }, {}, 30, {}],
    ['a preStop sleep', {}, { preStopMs: 5_000 }, 35, { preStopMs: 5_000, announceDelayMs: 2_000 }],
    ['a quiet period', {}, { quietPeriodMs: 500 }, 32, { quietPeriodMs: 500 }],
    [
      'a short pod',
      { slowestRequestMs: 2_000 },
      { podGracePeriodMs: 12_000 },
      12,
      { announceDelayMs: 5_000, releaseReserveMs: 3_000 },
    ],
    ['a long window', {}, { reconnectWindowMs: 30_000 }, 52, { reconnectWindowMs: 30_000 }],
  ])('sets only what has no suitable default: %s', (_, facts, given, podSeconds, options) => {
    const made = plan({ ...USUAL_FACTS, ...facts }, given);
    expect([made.terminationGracePeriodSeconds, made.options, made.warnings]).toEqual([
      podSeconds,
      options,
      [],
    ]);
  });
});

describe('a warning', () => {
  it.each<[Partial<Facts>, GivenOptions, string]>([
    [
      {},
      { announceDelayMs: 1_000 },
      'announceDelayMs is 1 s, but requests may arrive until 5 s after the signal: raise it.',
    ],
    [{}, { drainTimeoutMs: 500 }, 'drainTimeoutMs is 500 ms, but the slowest request takes 15 s: raise it.'],
    [
      {},
      { drainTimeoutMs: 18_000, reconnectWindowMs: 15_000 },
      'drainTimeoutMs is 18 s, but the reconnect window needs 20 s: raise it.',
    ],
    [{}, { releaseReserveMs: 2_500 }, 'releaseReserveMs is 2.5 s, but the hooks take 3 s: raise it.'],
    [
      {},
      { podGracePeriodMs: 20_000 },
      'A terminationGracePeriodSeconds of 20 does not suffice: 27 are needed.',
    ],
    [
      {},
      { gracePeriodMs: 30_000, podGracePeriodMs: 30_000 },
      "gracePeriodMs is 30 s, which does not fit into the pod's 30 s with 0 s of preStop and 2 s of margin.",
    ],
    [{}, { gracePeriodMs: 28_000 }, 'Omit gracePeriodMs: it follows from TERMINATION_GRACE_PERIOD_SECONDS.'],
    [
      { probePeriodMs: 10_000, failureThreshold: 3 },
      {},
      'Load balancers notice only after 30 s: a shorter probe period or a lower failure threshold makes every deployment faster.',
    ],
    [
      { hooksMs: 6_000 },
      {},
      'A hook that takes longer than participantTimeoutMs, 5 s by default, is overtaken by the next: raise it if a single hook takes that long.',
    ],
    [
      { slowestRequestMs: 600_000 },
      {},
      'The cluster autoscaler waits only 600 s for a pod by default: raise its --max-graceful-termination-sec.',
    ],
  ])('tells what does not fit: %j %j', (facts, given, warning) => {
    expect(plan({ ...USUAL_FACTS, ...facts }, given).warnings).toEqual([warning]);
  });
});
