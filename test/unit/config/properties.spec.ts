import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { announceDelayMs } from '../../../src/config/resolved-options.js';
import { problemsOf, resolve } from './resolve.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';

const NAMES = [
  'gracePeriodMs',
  'preStopMs',
  'announceDelayMs',
  'quietPeriodMs',
  'releaseReserveMs',
  'drainTimeoutMs',
] as const;
const good = fc.oneof(
  fc.integer({ min: 1, max: 60_000 }),
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.integer({ min: 1, max: 40 }).map((quarters) => quarters / 4),
);
const bad = fc.constantFrom(-1, NaN, Infinity, 2 ** 31, '5', '5d', null, {});
const seconds = fc.oneof(fc.integer({ min: 1, max: 120 }).map(String), fc.constantFrom('0.5', '3600', ''));
const badSeconds = fc.constantFrom('5 s', '-1', 'NaN', '1e3');

const record = <Value>(value: fc.Arbitrary<Value>) =>
  fc.record(Object.fromEntries(NAMES.map((name) => [name, value])), { requiredKeys: [] });
const variables = <Value>(value: fc.Arbitrary<Value>) =>
  fc.record(
    {
      GRACEFUL_SHUTDOWN_TIMEOUT: value,
      GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: value,
      TERMINATION_GRACE_PERIOD_SECONDS: value,
      KUBERNETES_SERVICE_HOST: fc.constant('10.0.0.1'),
    },
    { requiredKeys: [] },
  );

/** Whatever is resolved keeps what was set, and adds up. */
function expectToFit(options: GracefulShutdownOptions, environment: Record<string, string>): void {
  const resolved = resolve(options, environment);
  const { gracePeriodMs, announceMaxMs, releaseReserveMs, drainTimeoutMs } = resolved;
  const delayMs = announceDelayMs(resolved, true);
  const leftMs = gracePeriodMs - announceMaxMs - releaseReserveMs;

  expect(resolved).toMatchObject(options);
  expect(gracePeriodMs).toBeGreaterThan(0);
  expect(gracePeriodMs).toBeLessThanOrEqual(2 ** 31 - 1);
  expect(Math.min(delayMs, releaseReserveMs)).toBeGreaterThanOrEqual(0);
  expect(announceMaxMs).toBeGreaterThanOrEqual(delayMs);
  // Where draining has no time of its own, some must be left for it.
  expect(drainTimeoutMs === Infinity ? leftMs > 0 : leftMs >= drainTimeoutMs).toBe(true);
  const podMs = Number(environment['TERMINATION_GRACE_PERIOD_SECONDS'] || Infinity) * 1_000;
  expect(gracePeriodMs + resolved.preStopMs + 2_000).toBeLessThanOrEqual(podMs);
}

describe('any combination of options', () => {
  it('is an error, or resolves to options that fit', () => {
    fc.assert(
      fc.property(record(good), variables(seconds), (options, environment) => {
        fc.pre(problemsOf(options, environment).length === 0);
        expectToFit(options, environment as Record<string, string>);
      }),
      { numRuns: 500 },
    );
  });

  it('is never an error if a single option is set, below the grace period', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('announceDelayMs', 'releaseReserveMs', 'drainTimeoutMs', 'quietPeriodMs'),
        fc.integer({ min: 0, max: 24_999 }),
        fc.constantFrom({}, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }),
        (name, ms, environment) => expectToFit({ [name]: ms }, environment),
      ),
    );
  });

  it('is one error that names every invalid value', () => {
    fc.assert(
      fc.property(record(bad), variables(badSeconds), (options, environment) => {
        const names = [...Object.keys(options), ...Object.keys(environment)].filter(
          (name) => name !== 'KUBERNETES_SERVICE_HOST',
        );
        const told = problemsOf(options, environment).map((line) => /^ {2}- (\S+) is /.exec(line)?.[1]);
        expect(told).toHaveLength(names.length);
        expect(new Set(told)).toEqual(new Set(names));
      }),
    );
  });
});
