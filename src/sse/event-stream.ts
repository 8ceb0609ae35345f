import type { ServerResponse } from 'node:http';

/** A private field of HTTP/1.1 responses, unchanged since Node 20. */
interface SentResponse {
  /** The complete header block as sent. */
  readonly _header?: unknown;
}

/** Returns whether `response` has sent its headers, with content type `text/event-stream`. */
export function isEventStream(response: ServerResponse): boolean {
  return response.headersSent && /^text\/event-stream\s*(;|$)/i.test(sentHeader(response, 'content-type'));
}

/**
 * Returns whether text has to be encoded before it is written to `response`: there is a content encoding, and no wrapper
 * applies it.
 */
export function isEncodedBelow(response: ServerResponse): boolean {
  return (
    !Object.hasOwn(response, 'write') && !/^(identity)?$/i.test(sentHeader(response, 'content-encoding'))
  );
}

/** Returns a header as sent: `getHeader()` does not know headers that were passed only to `writeHead()`. */
function sentHeader(response: ServerResponse, name: string): string {
  const { _header: header } = response as SentResponse;
  if (typeof header !== 'string') return String(response.getHeader(name) ?? '');
  return new RegExp(`^${name}:[ \\t]*(.*?)\\s*$`, 'im').exec(header)?.[1] ?? '';
}
