import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';

/** Knows what the sessions of a server are working on. */
export interface SessionStreams {
  /** Open streams, those without a response included: they belong to a listener for `stream`. */
  count(session: ServerHttp2Session): number;
  /** The responses that are unfinished; as everywhere, in the type that HTTP/2 has them compatible with. */
  responses(session: ServerHttp2Session): readonly ServerResponse[];
  dispose(): void;
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const CANCEL = 8;

/** What Node keeps on a session; private, and the same on every version since 20. */
interface SessionState {
  readonly streams: { readonly size: number; values(): Iterable<object> };
}

/** Reads it from the sessions, which costs nothing until somebody asks. */
export class ReadStreams implements SessionStreams {
  count(session: ServerHttp2Session): number {
    return stateOf(session)?.streams.size ?? 0;
  }

  responses(session: ServerHttp2Session): readonly ServerResponse[] {
    return [...(stateOf(session)?.streams.values() ?? [])].flatMap((stream) => {
      const response = bySymbol(stream, 'response');
      return response === undefined ? [] : [response as ServerResponse];
    });
  }

  dispose(): void {}
}

/** Follows every request, for a Node whose sessions cannot be read. */
export class TrackedStreams implements SessionStreams {
  readonly #server: EventEmitter;
  readonly #unfinished = new WeakMap<ServerHttp2Session, Set<ServerResponse>>();

  constructor(server: EventEmitter) {
    this.#server = server;
    server.on('request', this.#onRequest);
  }

  count(session: ServerHttp2Session): number {
    return this.#unfinished.get(session)?.size ?? 0;
  }

  responses(session: ServerHttp2Session): readonly ServerResponse[] {
    return [...(this.#unfinished.get(session) ?? [])];
  }

  dispose(): void {
    this.#server.off('request', this.#onRequest);
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const session = sessionOf(request);
    if (!session) return;
    const unfinished = this.#unfinished.get(session) ?? new Set();
    this.#unfinished.set(session, unfinished.add(response));
    response.once('close', () => unfinished.delete(response));
  };
}

/** The session of a request; none when it came by HTTP/1.1. */
export function sessionOf(request: IncomingMessage | Http2ServerRequest): ServerHttp2Session | undefined {
  return 'stream' in request ? (request.stream.session as ServerHttp2Session | undefined) : undefined;
}

/** Whether the client of a response has gone; a response of HTTP/1.1 does not know. */
export function isStreamGone(response: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in response && response.stream.destroyed;
}

/**
 * Bytes of a response that were sent, as far as is known: a chunk counts when the last of it is gone, and none does on a
 * Node whose streams cannot be read.
 */
export function bytesSentOnStream(response: ServerResponse | Http2ServerResponse): number {
  if (!('stream' in response)) return 0;
  const { stream } = response;
  const handle = bySymbol(stream, 'kHandle') as { readonly bytesWritten: number } | undefined;
  // Node counts a chunk that is under way as one in the queue and as one that the stream was given.
  return Math.max(0, (handle?.bytesWritten ?? 0) - (stream.bufferSize - stream.writableLength));
}

/** Ends a stream in the middle, and no other one of its session. */
export function cancelStream(response: ServerResponse | Http2ServerResponse): void {
  if ('stream' in response) response.stream.close(CANCEL);
}

function stateOf(session: ServerHttp2Session): SessionState | undefined {
  const state = bySymbol(session, 'state');
  return typeof state === 'object' && state !== null && 'streams' in state
    ? (state as SessionState)
    : undefined;
}

/** What `owner` keeps under a symbol that nobody exports. */
export function bySymbol(owner: object, description: string): unknown {
  const key = Object.getOwnPropertySymbols(owner).find((symbol) => symbol.description === description);
  return key && Reflect.get(owner, key);
}
