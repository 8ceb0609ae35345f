import { OUTCOMES } from './load/outcome.js';
import { RehearsalError } from './target/rehearsal-error.js';
import type { ReadinessFall } from './load/load-balancer.js';
import type { Tally } from './load/tally.js';
import type { LongLivedEndOf } from './long-lived-clients.js';
import type { Observations } from './observations.js';
import type { Counts, LongLivedRecord, RunRecord } from './run-record.js';
import type { RunningProcess } from './target/process-table.js';

/** What was seen of a shutdown; times are in the milliseconds of `performance.now()`. */
export interface SeenShutdown extends Pick<RunRecord, 'exit' | 'workers' | 'punctuality'> {
  /** All of its requests have had their end. */
  readonly observations: Observations;
  readonly signalledAt: number;
  readonly readiness?: URL;
  readonly fall?: ReadinessFall;
  /** When no more requests were sent to it. */
  readonly stoppedAt: number;
  readonly streams: readonly LongLivedEndOf[];
  readonly webSockets: readonly LongLivedEndOf[];
  readonly leftBehind: readonly RunningProcess[];
}

/**
 * Makes plain data of it, with times since the signal.
 *
 * @throws {RehearsalError} if nothing arrived after the signal
 */
export function recordOf(seen: SeenShutdown): RunRecord {
  const { observations, signalledAt, readiness, fall } = seen;
  if (observations.after.count('sent') === 0) {
    throw new RehearsalError(
      'no request arrived after the signal, so nothing is proved: send more with --rate, or for longer with --lag',
    );
  }
  const since = (at: number): number => Math.round(at - signalledAt);
  const longLived = ({ path, at, isClean, how }: LongLivedEndOf): LongLivedRecord => {
    const atMs = since(at);
    return { path, atMs, isClean, how: atMs < 0 ? `${how} before the signal` : how };
  };
  return {
    before: countsOf(observations.before),
    after: countsOf(observations.after),
    lossesBefore: observations.losses('before'),
    lossesAfter: observations.losses('after'),
    ...(readiness && {
      readiness: {
        path: readiness.pathname,
        ...(fall && { fellMs: since(fall.at) }),
        ...(fall?.status !== undefined && { status: fall.status }),
      },
    }),
    ...(observations.firstRefusalAt !== undefined && {
      firstRefusalMs: since(observations.firstRefusalAt),
    }),
    stoppedMs: since(seen.stoppedAt),
    streams: seen.streams.map(longLived),
    webSockets: seen.webSockets.map(longLived),
    exit: seen.exit,
    ...(seen.workers && { workers: seen.workers }),
    leftBehind: seen.leftBehind.map(({ pid, name }) => ({ pid, name })),
    curve: observations.curve(),
    punctuality: seen.punctuality,
  };
}

function countsOf(tally: Tally): Counts {
  const counts = OUTCOMES.map((outcome) => [outcome, tally.count(outcome)]);
  return { ...(Object.fromEntries(counts) as Counts), sent: tally.count('sent') };
}
