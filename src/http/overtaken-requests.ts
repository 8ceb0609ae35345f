import { requestName } from './request-path.js';
import type { IncomingMessage } from 'node:http';
import type { ShutdownContext } from '../core/participant.js';

/** Number of requests that an error names. */
const MOST_NAMED = 10;

/**
 * Records the requests that are running when a step of `release` is overtaken. They go on, but the next step may destroy what
 * they use.
 *
 * @param running returns the requests in progress
 * @returns a function to call at the end of the step; it throws if there were any
 */
export function watchOvertaken(
  { overtaken }: ShutdownContext,
  running: () => Iterable<IncomingMessage>,
  routePattern?: (request: IncomingMessage, path: string) => string | undefined,
): () => void {
  let names: readonly string[] = [];
  const onOvertaken = (): void => {
    names = Array.from(running(), (request) => requestName(request, routePattern));
  };
  overtaken.addEventListener('abort', onOvertaken, { once: true });
  return () => {
    overtaken.removeEventListener('abort', onOvertaken);
    if (names.length === 0) return;
    const rest = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
    throw new Error(
      `still running when the next step began, which may have destroyed what they use: ` +
        `${names.slice(0, MOST_NAMED).join(', ')}${rest}. Raise releaseReserveMs, or set lateRequests to 'reject'`,
    );
  };
}
