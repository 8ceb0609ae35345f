import { overrideMethod } from '../util/override-method.js';
import { endThenDestroy } from './end-then-destroy.js';
import type { Socket } from 'node:net';
import type { OutgoingHttpHeaders, OutgoingHttpHeader, ServerResponse } from 'node:http';

/**
 * Makes a response end its connection if `decide` returns true when the header is written; not earlier, since pipelined
 * requests on the same connection must be answered first.
 */
export function retireWith(response: ServerResponse, decide: () => boolean): void {
  let isRetiring = false;
  const restore = overrideMethod(response, 'writeHead', (writeHead) => (status, ...rest) => {
    // Node rejects an invalid header, and writeHead may be called again.
    if (!isRetiring && decide()) {
      isRetiring = true;
      lingerBehind(response);
    }
    if (isRetiring) response.setHeader('Connection', 'close');
    const result = writeHead(status, ...(isRetiring ? rest.map(withoutConnection) : rest));
    restore();
    return result;
  });
}

/** Makes a response end its connection although its header did not announce it. */
export function endConnectionWith(response: ServerResponse, socket: Socket): void {
  response.once('finish', () => endThenDestroy(socket));
}

/** Removes the caller's own `Connection` header, such as keep-alive. */
function withoutConnection(argument: unknown): unknown {
  if (typeof argument !== 'object' || argument === null) return argument;
  if (Array.isArray(argument)) {
    const flat = (Array.isArray(argument[0]) ? argument.flat() : argument) as OutgoingHttpHeader[];
    return flat.filter((_, index) => !isConnection(flat[index - (index % 2)]));
  }
  return Object.fromEntries(
    Object.entries(argument as OutgoingHttpHeaders).filter(([name]) => !isConnection(name)),
  );
}

function isConnection(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'connection';
}

/** Private properties of a response; the same in every version of Node since 20. */
interface ClosingResponse extends ServerResponse {
  /** Whether Node closes the connection on `finish`. */
  _last?: boolean;
  _sent100?: boolean;
}

/**
 * Reads an upload to its end if it was answered before that: closing with unread bytes makes the kernel reset the
 * connection, and the client may lose the response.
 */
function lingerBehind(response: ClosingResponse): void {
  const { req: request } = response;
  response.once('prefinish', () => {
    const isUploading = !request.complete && (request.headers.expect === undefined || response._sent100);
    if (!isUploading || response._last !== true) return;
    response._last = false;
    response.once('finish', () => request.resume());
    request.once('close', () => endThenDestroy(request.socket));
  });
}
