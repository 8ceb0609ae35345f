import { problem } from './endpoint.js';
import { describeProgress } from './progress-summary.js';
import type { IncomingMessage } from 'node:http';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Methods } from './endpoint.js';

export const DEVELOPMENT_PATH = '/_internal/shutdown';

/** The development route: triggers a shutdown, only from the same machine and with `NODE_ENV=development`. */
export function developmentMethods(coordinator: ShutdownCoordinator, inDevelopment: boolean): Methods {
  return {
    POST: (request) => {
      const refusal = refusalOf(request, inDevelopment);
      if (refusal !== undefined) return problem(403, 'Forbidden', refusal);
      const reason = { kind: 'development', message: `POST ${DEVELOPMENT_PATH}` } as const;
      // With `raiseOnError` it may reject; the log has the report either way.
      coordinator.shutdown(reason, { exit: true }).catch(() => {});
      return { status: 202, body: describeProgress(coordinator.progress()) };
    },
  };
}

function refusalOf({ headers, socket }: IncomingMessage, inDevelopment: boolean): string | undefined {
  if (!inDevelopment) return 'requires NODE_ENV=development';
  if (!isLoopback(socket.remoteAddress)) return 'only allowed from the same machine';
  // Headers added by a browser or proxy: the caller is a page of another origin, or a remote peer behind a local proxy.
  const added = Object.keys(headers).find((name) => /^(origin|forwarded|x-forwarded-.*)$/.test(name));
  return added === undefined ? undefined : `not allowed with the header ${added}`;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}
