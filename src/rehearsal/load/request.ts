import { once } from 'node:events';
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
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
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A body of so many bytes, in place of `body`. */
  readonly upload?: Transfer;
  /** The status that is an answer; default: any 2xx. */
  readonly expected?: number;
  /** The body that a 2xx must have, and how slowly it is read; without it any complete body will do. */
  readonly download?: Transfer;
  /** How long the client waits until it reads the body; default: not at all. */
  readonly readAfterMs?: number;
}

/** Where requests go, and how. */
export interface Target {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Whether it speaks TLS; its certificate is not checked. Default: not. */
  readonly secure?: boolean;
  readonly agent: Agent;
  readonly timeoutMs: number;
  /** The name of the balancer there, which marks with {@link ANSWERED_BY_INSTANCE} what it did not answer itself. */
  readonly balancer?: string;
}

/** The header of each response that came from an instance: balancers replace the header `Server`, or have none. */
export const ANSWERED_BY_INSTANCE = 'x-answered-by-instance';

/** What became of a request. */
export interface RequestResult {
  readonly plan: RequestPlan;
  readonly outcome: Outcome;
  /** Status of the response, whether or not its body was complete. */
  readonly status?: number;
  /** Whether the response told its client not to use the connection again. */
  readonly retired: boolean;
  /** The product that answered, if it is another than the application: the balancer, or what the header `Server` names. */
  readonly server?: string;
}

const CHUNK_BYTES = 64 * 1024;

/** Sends one request and waits for its end, whatever that is; never rejects. */
export async function sendRequest(
  plan: RequestPlan,
  { host = '127.0.0.1', port, secure = false, agent, timeoutMs, balancer }: Target,
): Promise<RequestResult> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const request = (secure ? httpsRequest : httpRequest)({
    host,
    port,
    agent,
    method: plan.method,
    path: plan.path,
    signal: deadline,
    headers: headersOf(plan),
    // It is the application that is judged, not its certificate.
    ...(secure && { rejectUnauthorized: false }),
  });
  // An error after the response has begun shows in the response.
  request.on('error', () => undefined);
  const responded = once(request, 'response') as Promise<[IncomingMessage]>;
  sendBody(request, plan);

  let response: IncomingMessage | undefined;
  const result = (outcome: Outcome): RequestResult => {
    const { statusCode: status, headers } = response ?? {};
    const server = headers && productOf(headers, balancer);
    return {
      plan,
      outcome,
      retired: headers?.connection === 'close',
      ...(status !== undefined && { status }),
      ...(server !== undefined && { server }),
    };
  };
  try {
    [response] = await responded;
    const outcome = outcomeOfStatus(response.statusCode ?? 0, plan.expected);
    if (plan.readAfterMs !== undefined) await delay(plan.readAfterMs);
    const bytes = await readBody(response, plan.download);
    const short = outcome === 'answered' && plan.download !== undefined && bytes !== plan.download.bytes;
    return result(short ? 'truncated' : outcome);
  } catch (error) {
    if (deadline.aborted) return result('timed-out');
    return result(response ? 'truncated' : outcomeOfError(error, request.reusedSocket));
  }
}

function productOf(headers: IncomingHttpHeaders, balancer: string | undefined): string | undefined {
  if (balancer !== undefined) return headers[ANSWERED_BY_INSTANCE] === undefined ? balancer : undefined;
  const server = headers['server'];
  return typeof server === 'string' ? server : undefined;
}

function headersOf({ headers, body, upload }: RequestPlan): Record<string, string | number> {
  if (upload) {
    return {
      'content-type': 'application/octet-stream',
      ...headers,
      'content-length': upload.bytes,
    };
  }
  return { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) };
}

function sendBody(request: ClientRequest, { body, upload }: RequestPlan): void {
  if (upload === undefined) {
    request.end(body);
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
