import type { ServerResponse } from 'node:http';

/** What Node keeps on a response of HTTP/1.1; private, and the same on every version since 20. */
interface SentResponse {
  /** The whole header, as it was sent. */
  readonly _header?: unknown;
}

/** Whether the header of `response` has been sent, and says that events follow. */
export function isEventStream(response: ServerResponse): boolean {
  return response.headersSent && /^text\/event-stream\s*(;|$)/i.test(sentHeader(response, 'content-type'));
}

/** Whether what is written to `response` itself is encoded already, and is not taken over for encoding by a wrapper. */
export function isEncodedBelow(response: ServerResponse): boolean {
  return (
    !Object.hasOwn(response, 'write') && !/^(identity)?$/i.test(sentHeader(response, 'content-encoding'))
  );
}

/** As it was sent: a header that is given to `writeHead` alone cannot be asked for otherwise. */
function sentHeader(response: ServerResponse, name: string): string {
  const { _header: header } = response as SentResponse;
  if (typeof header !== 'string') return String(response.getHeader(name) ?? '');
  return new RegExp(`^${name}:[ \\t]*(.*?)\\s*$`, 'im').exec(header)?.[1] ?? '';
}
