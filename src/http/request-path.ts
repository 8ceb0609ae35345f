import type { IncomingMessage } from 'node:http';

/** The path of a request: without origin, query and fragment, which may hold secrets. */
export function requestPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  // Express shortens `url` while a router works on it.
  const target = request.originalUrl ?? request.url ?? '';
  return target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}

/** Names a request by its method and the pattern of its route, or its path: `GET /orders/:id`. */
export function requestName(
  request: IncomingMessage,
  routePattern: ((request: IncomingMessage, path: string) => string | undefined) | undefined,
): string {
  const path = requestPath(request);
  return `${request.method} ${routePattern?.(request, path) ?? path}`;
}
