import type { ShutdownContext } from '../core/participant.js';
import type { ResolvedOptions } from './resolved-options.js';

/** The part of the drain that may be spent on sending clients away, so that the last of them can leave in time. */
const LARGEST_PART = 3 / 4;

/**
 * Over how many milliseconds those are spread who are sent away now, in `drain`; 0: at once.
 *
 * It is at once where nobody is there to take them: while developing, and when a test closes its application.
 */
export function reconnectWindowMs(
  options: Pick<
    ResolvedOptions,
    'reconnectWindowMs' | 'releaseReserveMs' | 'drainTimeoutMs' | 'closeListenerAt'
  >,
  { reason, deadline }: Pick<ShutdownContext, 'reason' | 'deadline'>,
): number {
  const isAtOnce =
    reason.kind === 'close' || reason.kind === 'development' || options.closeListenerAt === 'announce';
  if (isAtOnce) return 0;
  const leftMs = Math.min(deadline.remainingMs - options.releaseReserveMs, options.drainTimeoutMs);
  return Math.max(0, Math.min(options.reconnectWindowMs, leftMs * LARGEST_PART));
}
