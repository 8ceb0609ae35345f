import type { RequestListener, ServerResponse } from 'node:http';

export const MANY_BYTES = 20 * 1024 * 1024;

/**
 * An application for tests: `/held` and `/healthz` wait to be answered by the test, `/big` answers with many bytes,
 * `/upload` counts what it gets, the rest is answered at once.
 */
export class SampleRoutes {
  /** Paths, as they reached the application. */
  readonly reached: string[] = [];
  /** What waits to be answered. */
  readonly held: ServerResponse[] = [];

  readonly listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    this.reached.push(path);
    if (path.startsWith('/held') || path === '/healthz') this.held.push(response);
    else if (path === '/big') response.end(Buffer.alloc(MANY_BYTES, 'x'));
    else if (path === '/upload') answerWithLength(response);
    else response.end('served');
  };

  /** Answers whatever waits. */
  release(body = 'done'): void {
    for (const response of this.held.splice(0)) response.end(body);
  }
}

function answerWithLength(response: ServerResponse): void {
  let bytes = 0;
  response.req
    .on('data', (chunk: Buffer) => (bytes += chunk.length))
    .on('end', () => response.end(`${bytes} bytes`));
}
