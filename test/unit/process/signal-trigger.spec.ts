import { afterEach, describe, expect, it } from '@jest/globals';
import { SignalTrigger } from '../../../src/process/signal-trigger.js';
import { never, setUp } from '../core/coordinator-on-manual-clock.js';
import { strictProbes } from '../../support/strict-probes.js';
import type { Setup } from '../core/coordinator-on-manual-clock.js';

let trigger: SignalTrigger | undefined;
afterEach(() => trigger?.dispose());

/** A coordinator in its drain, with what the signals came to; a minute is enough for all of them. */
function setUpSignals(): Setup & { readonly ignored: string[]; readonly forcedWith: number[] } {
  const setup = setUp({ gracePeriodMs: 60_000 });
  setup.coordinator.register({ name: 'endless', drain: never });
  const ignored: string[] = [];
  const forcedWith: number[] = [];
  trigger = new SignalTrigger({
    probes: strictProbes(),
    coordinator: setup.coordinator,
    clock: setup.clock,
    announceDelayMs: () => 0,
    onIgnored: (what) => ignored.push(what),
    onForced: (exitCode) => forcedWith.push(exitCode),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const) trigger.listen(signal);
  return { ...setup, ignored, forcedWith };
}

describe('a repeated signal', () => {
  it.each([
    ['SIGTERM', 'SIGTERM', 5_000, 143],
    ['SIGINT', 'SIGTERM', 5_000, 143],
    ['SIGTERM', 'SIGINT', 250, 130],
    ['SIGINT', 'SIGINT', 250, 130],
    ['SIGTERM', 'SIGQUIT', 250, 131],
    ['SIGTERM', 'SIGHUP', 5_000, 129],
  ] as const)('after %s, %s, is ignored for %i ms, then forces', async (first, second, ms, exitCode) => {
    const { clock, coordinator, ignored, forcedWith } = setUpSignals();
    process.emit(first);
    await clock.advance(ms - 1);

    process.emit(second);
    await clock.advance(0);
    expect([ignored, forcedWith, coordinator.state]).toEqual([[second], [], 'drain']);

    await clock.advance(1);
    process.emit(second);
    await clock.advance(0);
    expect([ignored, forcedWith]).toEqual([[second], [exitCode]]);
    expect(coordinator.report).toMatchObject({ status: 'forced', forcedBy: `${second} again` });
  });
});
