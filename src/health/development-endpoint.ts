import { problem } from './endpoint.js';
import { describeProgress } from './progress-summary.js';
import type { IncomingMessage } from 'node:http';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Methods } from './endpoint.js';

export const DEVELOPMENT_PATH = '/_internal/shutdown';

/** Shuts down on request of a developer's own tools, on the same machine and with NODE_ENV `development` only. */
export function developmentMethods(coordinator: ShutdownCoordinator, inDevelopment: boolean): Methods {
  return {
    POST: (request) => {
      const refusal = refusalOf(request, inDevelopment);
      if (refusal !== undefined) return problem(403, 'Forbidden', refusal);
      const reason = { kind: 'development', message: `POST ${DEVELOPMENT_PATH}` } as const;
      // With `raiseOnError` it may reject; the report is in the log either way.
      coordinator.shutdown(reason, { exit: true }).catch(() => {});
      return { status: 202, body: describeProgress(coordinator.progress()) };
    },
  };
}

function refusalOf({ headers, socket }: IncomingMessage, inDevelopment: boolean): string | undefined {
  if (!inDevelopment) return 'only with NODE_ENV=development';
  if (!isLoopback(socket.remoteAddress)) return 'only from the same machine';
  // What a browser or a proxy has added: a page of another origin, or a peer that only looks local.
  const added = Object.keys(headers).find((name) => /^(origin|forwarded|x-forwarded-.*)$/.test(name));
  return added === undefined ? undefined : `not with the header ${added}`;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}
