import type { IncomingMessage } from 'node:http';

/** Returns the path of a request, without origin, query and fragment, which may contain secrets. */
export function requestPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  // Express shortens `url` while a router handles the request.
  const target = request.originalUrl ?? request.url ?? '';
  return target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}

/** Returns the name of a request: its method, with the pattern of its route or its path, such as `GET /orders/:id`. */
export function requestName(
  request: IncomingMessage,
  routePattern: ((request: IncomingMessage, path: string) => string | undefined) | undefined,
): string {
  const path = requestPath(request);
  return `${request.method} ${routePattern?.(request, path) ?? path}`;
}
