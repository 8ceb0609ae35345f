import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';

/** The open streams and unfinished responses of the sessions of a server. */
export interface SessionStreams {
  /** Returns the number of open streams, including those without a response, which belong to a `stream` listener. */
  count(session: ServerHttp2Session): number;
  /** Returns the unfinished responses, typed as the HTTP/1.1 responses that they are compatible with. */
  responses(session: ServerHttp2Session): readonly ServerResponse[];
  dispose(): void;
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const CANCEL = 8;
const NO_ERROR = 0;

/** Private properties of a session; the same in every version of Node since 20. */
interface SessionState {
  readonly streams: { readonly size: number; values(): Iterable<object> };
}

/** Reads the streams from the sessions, which costs nothing until it is called. */
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

/** Tracks every request, for versions of Node whose sessions cannot be read. */
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

/** Returns the session of a request; `undefined` for HTTP/1.1. */
export function sessionOf(request: IncomingMessage | Http2ServerRequest): ServerHttp2Session | undefined {
  return 'stream' in request ? (request.stream.session as ServerHttp2Session | undefined) : undefined;
}

/** Whether the stream of a response is destroyed; always `false` for HTTP/1.1. */
export function isStreamGone(response: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in response && response.stream.destroyed;
}

/**
 * Returns the sent bytes of a response, as far as is known: a chunk counts once all of it is sent. Returns 0 on
 * versions of Node whose streams cannot be read.
 */
export function bytesSentOnStream(response: ServerResponse | Http2ServerResponse): number {
  if (!('stream' in response)) return 0;
  const { stream } = response;
  const handle = bySymbol(stream, 'kHandle') as { readonly bytesWritten: number } | undefined;
  // Node counts a chunk being sent both in the queue and among the bytes passed to the stream.
  return Math.max(0, (handle?.bytesWritten ?? 0) - (stream.bufferSize - stream.writableLength));
}

/**
 * Ends an upload, or the client's side of a refused tunnel, once its response is complete: the stream would stay open as long
 * as the client sends. https://www.rfc-editor.org/rfc/rfc9113#section-8.1-11
 */
export function endUploadBehind(response: ServerResponse | Http2ServerResponse): void {
  if (!('stream' in response)) return;
  const { stream, req } = response;
  // Never within an event of the stream, see `Session.retire()`.
  const end = (): NodeJS.Immediate =>
    setImmediate(() => void (!req.complete && !stream.closed && stream.close(NO_ERROR)));
  if (stream.writableFinished) end();
  else stream.once('finish', end);
}

/** Cancels the stream of a response; the other streams of its session continue. */
export function cancelStream(response: ServerResponse | Http2ServerResponse): void {
  if ('stream' in response) response.stream.close(CANCEL);
}

function stateOf(session: ServerHttp2Session): SessionState | undefined {
  const state = bySymbol(session, 'state');
  return typeof state === 'object' && state !== null && 'streams' in state
    ? (state as SessionState)
    : undefined;
}

/** Returns the property of `owner` under a symbol that is not exported. */
export function bySymbol(owner: object, description: string): unknown {
  const key = Object.getOwnPropertySymbols(owner).find((symbol) => symbol.description === description);
  return key && Reflect.get(owner, key);
}
