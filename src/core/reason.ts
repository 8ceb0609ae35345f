import { messageOf } from './errors.js';

/** What triggered a shutdown. */
export type ShutdownReasonKind = 'signal' | 'operator' | 'manual' | 'close' | 'error' | 'development';

/** Why the application shuts down. */
export interface ShutdownReason {
  readonly kind: ShutdownReasonKind;
  /** Name of the signal, if one was the trigger. */
  readonly signal?: string;
  /** Message of the caller. */
  readonly message?: string;
  /** The error behind a shutdown of kind `error`. */
  readonly error?: unknown;
}

/** What a trigger requests in addition to its reason. */
export interface ShutdownRequest {
  /** How long to announce, in milliseconds. Default: the configured delay for a signal, otherwise 0. */
  readonly announceDelayMs?: number | undefined;
  /** Whether the process exits when the shutdown is over. Default: `false`. */
  readonly exit?: boolean | undefined;
}

/** Describes a reason in one line: `SIGTERM`, `manual: new release`. */
export function describeReason(reason: ShutdownReason): string {
  const given = reason.signal ?? reason.message;
  const detail = given === undefined ? undefined : messageOf(given);
  if (reason.kind === 'signal' && detail !== undefined) return detail;
  return detail === undefined ? reason.kind : `${reason.kind}: ${detail}`;
}
