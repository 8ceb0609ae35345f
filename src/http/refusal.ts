import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LateResponse } from './http-server-options.js';

const STATUS = 503;

/** Answers a late request. */
export function refuse(response: ServerResponse, late: LateResponse): void {
  const body = bodyOf(late);
  response.writeHead(STATUS, headersOf(late, body));
  response.end(body);
}

/** Answers a late request for an upgrade, and ends its connection. */
export function refuseUpgrade(socket: Duplex, late: LateResponse): void {
  const body = bodyOf(late);
  const headers = Object.entries({ ...headersOf(late, body), Connection: 'close' });
  const head = [
    `HTTP/1.1 ${STATUS} ${STATUS_CODES[STATUS]}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  // After an upgrade, the new owner of the socket has to handle its errors.
  socket.once('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function bodyOf({ message, code }: LateResponse): string {
  return JSON.stringify({ statusCode: STATUS, error: STATUS_CODES[STATUS], message, code });
}

function headersOf({ retryAfterSeconds }: LateResponse, body: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Retry-After': String(retryAfterSeconds),
  };
}
