/** What set a shutdown off. */
export type ShutdownReasonKind = 'signal' | 'operator' | 'manual' | 'close' | 'error' | 'development';

/** Why the application shuts down. */
export interface ShutdownReason {
  readonly kind: ShutdownReasonKind;
  /** The signal's name, where there was one. */
  readonly signal?: string;
  /** What the caller had to say about it. */
  readonly message?: string;
  /** The error behind a shutdown of kind `error`. */
  readonly error?: unknown;
}

/** What a trigger asks for beside its reason. */
export interface ShutdownRequest {
  /** How long to announce, in milliseconds; default: the configured delay for a signal, none for the rest. */
  readonly announceDelayMs?: number;
  /** Whether the process ends when the shutdown does; default: `false`. */
  readonly exit?: boolean;
}

/** A one-line description for people: `SIGTERM`, `manual: new release`. */
export function describeReason(reason: ShutdownReason): string {
  const detail = reason.signal ?? reason.message;
  if (reason.kind === 'signal' && detail !== undefined) return detail;
  return detail === undefined ? reason.kind : `${reason.kind}: ${detail}`;
}
