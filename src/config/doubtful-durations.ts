import type { ResolvedOptions } from './resolved-options.js';

/** A shutdown needs more than this for a single request; values up to here are mostly seconds. */
const SHORTEST_MS = 300;

/** No platform waits this long; values from here on are mostly milliseconds where seconds are meant. */
const LONGEST_MS = 6 * 3_600_000;

/** The options that are questioned; 0 is never, because it means "none". */
const QUESTIONED = [
  'gracePeriodMs',
  'preStopMs',
  'announceDelayMs',
  'quietPeriodMs',
  'drainTimeoutMs',
  'participantTimeoutMs',
] as const;

/** Returns the lines to log at boot, one for each duration that looks like one in another unit; none in tests. */
export function doubtfulDurations(options: ResolvedOptions): string[] {
  if (options.inTests) return [];
  return QUESTIONED.flatMap((option) => {
    const ms = options[option];
    if (!Number.isFinite(ms) || ms === 0) return [];
    const name = option === 'gracePeriodMs' ? options.gracePeriodFrom : option;
    if (ms < SHORTEST_MS) {
      return [
        `${name} is ${ms} ms. If ${ms} s are meant, use '${ms}s' or ${ms * 1_000}; options are in milliseconds.`,
      ];
    }
    if (ms < LONGEST_MS) return [];
    const hours = Math.round(ms / 3_600_000);
    return [
      `${name} is ${hours} h. If ${ms / 1_000} ms are meant, use '${ms / 1_000}ms'; variables are in seconds.`,
    ];
  });
}
