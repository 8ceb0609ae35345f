import { overrideMethod } from '../util/override-method.js';
import { endThenDestroy } from './end-then-destroy.js';
import type { Socket } from 'node:net';
import type { OutgoingHttpHeaders, OutgoingHttpHeader, ServerResponse } from 'node:http';

/**
 * Makes a response end its connection, if `decide` says so when the header is written: not earlier, since requests
 * that came behind it on the same connection must be answered first.
 */
export function retireWith(response: ServerResponse, decide: () => boolean): void {
  let isRetiring = false;
  const restore = overrideMethod(response, 'writeHead', (writeHead) => (status, ...rest) => {
    // Node refuses a wrong header, and another one may follow.
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

/** Makes a response end its connection whose header has said nothing of that. */
export function endConnectionWith(response: ServerResponse, socket: Socket): void {
  response.once('finish', () => endThenDestroy(socket));
}

/** A caller's own `Connection: keep-alive` must not win. */
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

/** What Node keeps on a response; private, and the same on every version since 20. */
interface ClosingResponse extends ServerResponse {
  /** Whether Node closes the connection on `finish`. */
  _last?: boolean;
  _sent100?: boolean;
}

/**
 * Lets an upload that was answered before its end be read to it: closing with bytes unread makes the kernel reset the
 * connection, and the client may lose the answer.
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
