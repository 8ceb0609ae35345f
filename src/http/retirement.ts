import { overrideMethod } from '../util/override-method.js';
import { endThenDestroy } from './end-then-destroy.js';
import type { Socket } from 'node:net';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** How long a client that has sent more than was read may take to read its last response, in milliseconds. */
const LAST_READ_MS = 1_000;

/**
 * Makes a response end its connection if `decide` returns true when the header is written; not earlier, since pipelined
 * requests on the same connection must be answered first.
 *
 * @param hasUnread whether the client has sent more than will be read
 * @returns a function that restores the response
 */
export function retireWith(
  response: ServerResponse,
  decide: () => boolean,
  hasUnread: () => boolean,
): () => void {
  let isRetiring = false;
  const restore = overrideMethod(response, 'writeHead', (writeHead) => (...args) => {
    // Node rejects an invalid header, and writeHead may be called again.
    if (!isRetiring && decide()) {
      isRetiring = true;
      lingerBehind(response, hasUnread);
    }
    const result = writeHead(...(isRetiring ? announcingTheEnd(args) : args));
    restore();
    return result;
  });
  return restore;
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

/**
 * Returns the arguments of `writeHead` with `Connection: close` among the headers, in the caller's own form.
 *
 * Not by `setHeader`: Node then merges the headers of `writeHead` into those that were set, and some versions send only the
 * last one of several with the same name.
 */
function announcingTheEnd([status, ...rest]: readonly unknown[]): unknown[] {
  // As in Node, the reason may be missing.
  const reason = typeof rest[0] === 'string' || (rest[1] ?? undefined) !== undefined ? [rest[0]] : [];
  return [status, ...reason, closing(rest[reason.length])];
}

/** Adds the header, in place of the caller's own, such as keep-alive. */
function closing(headers: unknown): unknown {
  if (!Array.isArray(headers)) {
    const given = Object(headers) as OutgoingHttpHeaders;
    return { ...given, [Object.keys(given).find(isConnection) ?? 'Connection']: 'close' };
  }
  const list = headers as unknown[];
  if (Array.isArray(list[0])) {
    const pairs = list as unknown[][];
    if (!pairs.some(([name]) => isConnection(name))) return [...pairs, ['Connection', 'close']];
    return pairs.map((pair) => (isConnection(pair[0]) ? [pair[0], 'close'] : pair));
  }
  const isOwn = (_: unknown, index: number): boolean => index % 2 === 1 && isConnection(list[index - 1]);
  if (!list.some(isOwn)) return [...list, 'Connection', 'close'];
  return list.map((value, index) => (isOwn(value, index) ? 'close' : value));
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
