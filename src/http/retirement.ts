import { overrideMethod } from '../util/override-method.js';
import { endThenDestroy } from './end-then-destroy.js';
import type { Socket } from 'node:net';
import type { OutgoingHttpHeaders, OutgoingHttpHeader, ServerResponse } from 'node:http';

/** How long a client that has sent more than was read may take to read its last response, in milliseconds. */
const LAST_READ_MS = 1_000;

/**
 * Makes a response end its connection if `decide` returns true when the header is written; not earlier, since pipelined
 * requests on the same connection must be answered first.
 *
 * @param hasUnread whether the client has sent more than will be read
 */
export function retireWith(response: ServerResponse, decide: () => boolean, hasUnread: () => boolean): void {
  let isRetiring = false;
  const restore = overrideMethod(response, 'writeHead', (writeHead) => (status, ...rest) => {
    // Node rejects an invalid header, and writeHead may be called again.
    if (!isRetiring && decide()) {
      isRetiring = true;
      lingerBehind(response, hasUnread);
    }
    if (isRetiring) response.setHeader('Connection', 'close');
    const result = writeHead(status, ...(isRetiring ? rest.map(withoutConnection) : rest));
    restore();
    return result;
  });
}

/** Makes a response end its connection although its header did not announce it. */
export function endConnectionWith(response: ServerResponse, socket: Socket, hasUnread: () => boolean): void {
  response.once('finish', () => (hasUnread() ? endUnread(socket) : endThenDestroy(socket)));
}

/** Ends a connection whose rest is not read. Destroying it at once would reset it, and the client would lose its responses. */
function endUnread(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LAST_READ_MS);
  socket.once('close', () => clearTimeout(timer)).end();
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
function lingerBehind(response: ClosingResponse, hasUnread: () => boolean): void {
  const { req: request } = response;
  response.once('prefinish', () => {
    const isUploading = !request.complete && (request.headers.expect === undefined || response._sent100);
    if (response._last !== true || !(isUploading || hasUnread())) return;
    response._last = false;
    if (hasUnread()) return void response.once('finish', () => endUnread(request.socket));
    response.once('finish', () => request.resume());
    request.once('close', () => endThenDestroy(request.socket));
  });
}
