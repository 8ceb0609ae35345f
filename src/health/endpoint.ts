import { messageOf } from '../core/errors.js';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers requests of whatever method, on Node's own objects. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  /** Text as it is, with a `Content-Type` among the headers; everything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a path answers, by method. */
export type Methods = Readonly<Record<string, (request: IncomingMessage) => Answer | Promise<Answer>>>;

/** A handler of whatever method: HEAD is answered like GET, and a method that is not there with 405. */
export function endpoint(methods: Methods): RawHandler {
  const allow = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return (request, response) => {
    const name = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    void (async () => {
      try {
        const answer = method
          ? await method(request)
          : problem(405, 'Method Not Allowed', `use ${allow.join(' or ')}`, { Allow: allow.join(', ') });
        send(response, answer);
      } catch (error) {
        // A probe that cannot be answered, or not as JSON, must not end the process as an unhandled rejection.
        send(response, problem(500, 'Internal Server Error', messageOf(error)));
      }
    })();
  };
}

export function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(text);
}

/** An answer in the shape of Nest's exceptions. */
export function problem(
  statusCode: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status: statusCode, body: { statusCode, error, message }, headers };
}
