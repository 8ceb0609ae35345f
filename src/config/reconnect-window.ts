import type { ShutdownContext } from '../core/participant.js';
import type { ResolvedOptions } from './resolved-options.js';

/** Share of the drain in which clients are sent away, so that the last of them can still leave in time. */
export const LARGEST_PART = 3 / 4;

type WindowOptions = Pick<
  ResolvedOptions,
  'reconnectWindowMs' | 'releaseReserveMs' | 'drainTimeoutMs' | 'stopListeningAt'
>;
type DrainContext = Pick<ShutdownContext, 'reason' | 'deadline'>;

/**
 * Returns the window, in milliseconds, over which clients are sent away in `drain`; 0 sends all of them at once.
 *
 * It is 0 where no other instance can take the clients: in development, and when a test closes its application.
 */
export function reconnectWindowMs(options: WindowOptions, context: DrainContext): number {
  if (isAtOnce(options, context)) return 0;
  return Math.min(options.reconnectWindowMs, spendableMs(options, context));
}

/** Returns how long, in milliseconds, a connection that should finish by itself may go on before it is sent away. */
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
