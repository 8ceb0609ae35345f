import { problem } from './endpoint.js';
import { describeProgress } from './progress-summary.js';
import type { IncomingMessage } from 'node:http';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Methods } from './endpoint.js';

/**
 * The development route: triggers a shutdown, for programs on the same machine only.
 *
 * @returns `undefined` without a path: the route does not exist then
 */
export function developmentMethods(
  coordinator: ShutdownCoordinator,
  path: string | false,
): Methods | undefined {
  if (path === false) return undefined;
  return {
    POST: (request) => {
      const refusal = refusalOf(request);
      if (refusal !== undefined) return problem(403, 'Forbidden', refusal);
      const reason = { kind: 'development', message: `POST ${path}` } as const;
      // With `raiseOnError` it may reject; the log has the report either way.
      coordinator.shutdown(reason, { exit: true }).catch(() => {});
      return { status: 202, body: describeProgress(coordinator.progress()) };
    },
  };
}

/** Headers that a browser or a proxy adds: the caller is a page of another origin, or a remote peer behind a local proxy. */
const ADDED = new RegExp(
  '^(origin|via|forwarded|cdn-loop|cf-.*|x-(forwarded|envoy|original|proxy|azure|appengine|amz|amzn|arr|vercel|nf)-.*|' +
    'x-real-ip|.*-client-ip|.*-connecting-ip)$',
);

function refusalOf({ headers, socket }: IncomingMessage): string | undefined {
  if (!isLoopback(socket.remoteAddress)) return 'only allowed from the same machine';
  const added = Object.keys(headers).find((name) => ADDED.test(name));
  if (added !== undefined) return `not allowed with the header ${added}`;
  const { 'sec-fetch-site': site = 'none', host = headers[':authority'] } = headers;
  if (site !== 'none' && site !== 'same-origin') return 'not allowed for a page of another site';
  // A name of somebody else's that was made to lead here.
  return isOwnHost(String(host ?? 'localhost'))
    ? undefined
    : 'only allowed with localhost or its address as the host';
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

function isOwnHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}
