import type { IncomingMessage } from 'node:http';

/** The path of a request: without origin, query and fragment, which may hold secrets. */
export function requestPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  // Express shortens `url` while a router works on it.
  const target = request.originalUrl ?? request.url ?? '';
  return target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}
