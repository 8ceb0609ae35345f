import type { ShutdownContext } from '../core/participant.js';
import type { ResolvedOptions } from './resolved-options.js';

/** The part of the drain that may be spent on sending clients away, so that the last of them can leave in time. */
const LARGEST_PART = 3 / 4;

type WindowOptions = Pick<
  ResolvedOptions,
  'reconnectWindowMs' | 'releaseReserveMs' | 'drainTimeoutMs' | 'stopListeningAt'
>;
type DrainContext = Pick<ShutdownContext, 'reason' | 'deadline'>;

/**
 * Over how many milliseconds those are spread who are sent away now, in `drain`; 0: at once.
 *
 * It is at once where nobody is there to take them: while developing, and when a test closes its application.
 */
export function reconnectWindowMs(options: WindowOptions, context: DrainContext): number {
  if (isAtOnce(options, context)) return 0;
  return Math.min(options.reconnectWindowMs, spendableMs(options, context));
}

/** For how many milliseconds those may go on who are sent away only if they do not finish. */
export function finishMs(options: WindowOptions, context: DrainContext): number {
  if (isAtOnce(options, context)) return 0;
  return spendableMs(options, context) - reconnectWindowMs(options, context) / 2;
}

function isAtOnce({ stopListeningAt }: WindowOptions, { reason }: DrainContext): boolean {
  return reason.kind === 'close' || reason.kind === 'development' || stopListeningAt === 'announce';
}

function spendableMs(
  { releaseReserveMs, drainTimeoutMs }: WindowOptions,
  { deadline }: DrainContext,
): number {
  const leftMs = Math.min(deadline.remainingMs - releaseReserveMs, drainTimeoutMs);
  return Math.max(0, leftMs * LARGEST_PART);
}
