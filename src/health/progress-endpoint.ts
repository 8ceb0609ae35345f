import { onProgressChange } from '../report/progress-changes.js';
import { safeJson } from '../util/safe-json.js';
import { endpoint, send } from './endpoint.js';
import { progressPage } from './progress-page.js';
import { describeProgress } from './progress-summary.js';
import type { ServerResponse } from 'node:http';
import type { ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Clock } from '../util/clock.js';
import type { RawHandler } from './endpoint.js';

export const PROGRESS_PATH = '/progress';

/**
 * The progress route: the progress summary, pending participants and their statistics, as JSON; as an event stream with every
 * change for `Accept: text/event-stream`; as a page that follows that stream for browsers.
 */
export function progressRoute(coordinator: ShutdownCoordinator, clock: Clock): RawHandler {
  const asJson = endpoint({ GET: () => ({ status: 200, body: bodyOf(coordinator.progress()) }) });
  return (request, response) => {
    const { accept = '' } = request.headers;
    if (request.method !== 'GET') return asJson(request, response);
    if (accept.includes('text/event-stream')) return stream(coordinator, clock, response);
    if (accept.includes('text/html')) return send(response, progressPage());
    asJson(request, response);
  };
}

function bodyOf(progress: ShutdownProgress): object {
  const { elapsedMs, unfinished, pending, statistics } = progress;
  return {
    ...describeProgress(progress),
    ...(elapsedMs !== undefined && { elapsedMs: Math.round(elapsedMs) }),
    ...(unfinished && { unfinished }),
    pending,
    statistics,
  };
}

/** The last event is `end`, after which an `EventSource` would connect again. */
function stream(coordinator: ShutdownCoordinator, clock: Clock, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const stop = onProgressChange(coordinator, clock, (progress, isOver) => {
    response.write(`data: ${safeJson(bodyOf(progress))}\n\n`);
    if (isOver) response.end('event: end\ndata: {}\n\n');
  });
  response.once('close', stop);
}
