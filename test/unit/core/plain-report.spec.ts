import { expect, it } from '@jest/globals';
import { entryOf, setUp } from './coordinator-on-manual-clock.js';
import type { Cut } from '../../../src/core/report.js';

const HUGE = 'x'.repeat(20_000_000);

it.each<[string, Partial<Record<keyof Cut, unknown>>, Partial<Cut>]>([
  ['a bigint', { progress: 3n }, { progress: '3' }],
  ['a circle', { progress: Object.create(null) }, { progress: 'an unprintable value' }],
  ['what is no number', { ageMs: Number.NaN, bytesSent: 'many' }, { ageMs: 0 }],
  ['a symbol', { name: Symbol('mail') }, { name: 'Symbol(mail)' }],
  ['far too much', { name: HUGE }, { name: `${HUGE.slice(0, 500)}… (20000000 characters)` }],
])('a cut with %s is plain data in the report', async (_, given, plain) => {
  const { clock, coordinator } = setUp();
  coordinator.register({
    name: 'jobs',
    drain: ({ cut }) => cut({ kind: 'job', name: 'mail', ageMs: 1, ...given } as Cut),
  });

  void coordinator.shutdown();
  await clock.advance(0);

  expect(coordinator.report?.cuts).toEqual([
    { kind: 'job', name: 'mail', ageMs: 1, phase: 'drain', participant: 'jobs', ...plain },
  ]);
  expect(JSON.parse(JSON.stringify(coordinator.report?.cuts))).toEqual(coordinator.report?.cuts);
});

it('an error and a reason of any length are bounded in the report', async () => {
  const { clock, coordinator } = setUp();
  coordinator.register({ name: 'jobs', drain: () => Promise.reject(new Error(HUGE)) });

  void coordinator.shutdown(HUGE);
  await clock.advance(0);

  const bounded = `${HUGE.slice(0, 2_000)}… (20000000 characters)`;
  expect(entryOf(coordinator.report, 'jobs', 'drain')?.error).toBe(bounded);
  expect(coordinator.report?.reason.message).toBe(bounded);
});
