import { once } from 'node:events';
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { outcomeOfError, outcomeOfStatus, type Outcome } from './outcome.js';

/** A body, and how long its transfer is meant to take at least. */
export interface Transfer {
  readonly bytes: number;
  readonly overMs: number;
}

/** A request to send. */
export interface RequestPlan {
  /** What its results are counted under. */
  readonly kind: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly upload?: Transfer;
  /** The body that a 2xx must have, and how slowly it is read; without it any complete body will do. */
  readonly download?: Transfer;
}

/** Where requests go, and how. */
export interface Target {
  readonly port: number;
  readonly agent: Agent;
  readonly timeoutMs: number;
}

/** What became of a request. */
export interface RequestResult {
  readonly plan: RequestPlan;
  readonly outcome: Outcome;
  /** Status of the response, whether or not its body was complete. */
  readonly status?: number;
  /** Whether the response told its client not to use the connection again. */
  readonly retired: boolean;
}

const CHUNK_BYTES = 64 * 1024;

/** Sends one request and waits for its end, whatever that is; never rejects. */
export async function sendRequest(
  plan: RequestPlan,
  { port, agent, timeoutMs }: Target,
): Promise<RequestResult> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    agent,
    method: plan.method,
    path: plan.path,
    signal: deadline,
    headers: plan.upload && {
      'content-type': 'application/octet-stream',
      'content-length': plan.upload.bytes,
    },
  });
  // An error after the response has begun shows in the response.
  request.on('error', () => undefined);
  const responded = once(request, 'response') as Promise<[IncomingMessage]>;
  sendBody(request, plan.upload);

  let response: IncomingMessage | undefined;
  const result = (outcome: Outcome): RequestResult => ({
    plan,
    outcome,
    retired: response?.headers.connection === 'close',
    ...(response?.statusCode !== undefined && { status: response.statusCode }),
  });
  try {
    [response] = await responded;
    const outcome = outcomeOfStatus(response.statusCode ?? 0);
    const bytes = await readBody(response, plan.download);
    const short = outcome === 'answered' && plan.download !== undefined && bytes !== plan.download.bytes;
    return result(short ? 'truncated' : outcome);
  } catch (error) {
    if (deadline.aborted) return result('timed-out');
    return result(response ? 'truncated' : outcomeOfError(error, request.reusedSocket));
  }
}

function sendBody(request: NodeJS.WritableStream, upload: Transfer | undefined): void {
  if (upload === undefined) {
    request.end();
    return;
  }
  // Its failure is the request's, which is judged by the response or the lack of it.
  pipeline(Readable.from(paced(upload)), request).catch(() => undefined);
}

async function* paced({ bytes, overMs }: Transfer): AsyncGenerator<Buffer> {
  const startedAt = performance.now();
  for (let sent = 0; sent < bytes; sent += CHUNK_BYTES) {
    await keepPace(startedAt, sent / bytes, overMs);
    yield Buffer.alloc(Math.min(CHUNK_BYTES, bytes - sent), 'x');
  }
}

async function readBody(response: IncomingMessage, pace: Transfer | undefined): Promise<number> {
  const startedAt = performance.now();
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (pace) await keepPace(startedAt, bytes / pace.bytes, pace.overMs);
  }
  return bytes;
}

async function keepPace(startedAt: number, share: number, overMs: number): Promise<void> {
  const aheadMs = startedAt + share * overMs - performance.now();
  if (aheadMs > 1) await delay(aheadMs);
}
