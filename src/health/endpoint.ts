import { messageOf } from '../core/errors.js';
import { safeJson } from '../util/safe-json.js';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Handles requests with any method, on Node's own request and response. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A response to a request. */
export interface Answer {
  readonly status: number;
  /** A string is sent as it is and needs a `Content-Type` header; everything else is sent as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Handlers of a path, by method. */
export type Methods = Readonly<Record<string, (request: IncomingMessage) => Answer | Promise<Answer>>>;

/** Creates a handler for a path: HEAD is handled like GET, any other missing method is answered with 405. */
export function endpoint(methods: Methods): RawHandler {
  const allow = methodNames(methods);
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
        // A handler that throws must not end the process as an unhandled
        // rejection.
        send(response, problem(500, 'Internal Server Error', messageOf(error)));
      }
    })();
  };
}

/** Returns the methods that are answered. */
export function methodNames(methods: Methods): string[] {
  return Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

export function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = typeof body === 'string' ? body : safeJson(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(text);
}

/** Creates an error response in the shape of Nest's exceptions. */
export function problem(
  statusCode: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status: statusCode, body: { statusCode, error, message }, headers };
}
