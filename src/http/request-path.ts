import { readPath } from '../util/request-path.js';
import type { IncomingMessage } from 'node:http';

/** Returns the path of a request, without origin, query and fragment, which may contain secrets. */
export function requestPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return readPath(targetOf(request));
}

/** Returns the target of a request, as the client has sent it. */
export function targetOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  // Express shortens `url` while a router handles the request.
  return request.originalUrl ?? request.url ?? '';
}

/** Returns the name of a request: its method, with the pattern of its route or its path, such as `GET /orders/:id`. */
export function requestName(
  request: IncomingMessage,
  routePattern: ((request: IncomingMessage, path: string) => string | undefined) | undefined,
): string {
  const path = requestPath(request);
  return `${request.method} ${routePattern?.(request, path) ?? path}`;
}
