/** What became of a request, as its client sees it. */
export const OUTCOMES = [
  /** 2xx, or the status that was expected, and the body came to its end. */
  'answered',
  /** 5xx other than 503. */
  'server-error',
  /** 503: it came too late. */
  'late',
  /** The connection, used before by another request, ended without an answer. */
  'reset-reused',
  /** The connection, opened for this request, ended without an answer. */
  'reset-new',
  /** Nobody listened. */
  'refused',
  /** The answer began and did not come to its end. */
  'truncated',
  'timed-out',
  /** Any other status, or something that is not HTTP. */
  'unexpected',
] as const;

/** One of {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number];

/** The class of a complete response; one with the status that was `expected` is an answer. */
export function outcomeOfStatus(status: number, expected?: number): Outcome {
  if (status === expected) return 'answered';
  if (expected === undefined && status >= 200 && status < 300) return 'answered';
  if (status === 503) return 'late';
  return status >= 500 ? 'server-error' : 'unexpected';
}

/** The class of a request that got no response at all. */
export function outcomeOfError(error: unknown, reusedSocket: boolean): Outcome {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return 'refused';
  // EPIPE is how a client that is still writing learns of a reset.
  if (code === 'ECONNRESET' || code === 'EPIPE') return reusedSocket ? 'reset-reused' : 'reset-new';
  return 'unexpected';
}
