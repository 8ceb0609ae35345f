import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { sendRequest, type RequestPlan } from '#rehearsal/load/request.js';
import { monotonicMs } from './monotonic.js';
import { LAST_EVENT, type ClientPlan } from './plan.js';
import type { Outcome } from '#rehearsal/load/outcome.js';

/** What became of the request of a client that did nothing wrong. */
export interface RequestRecord {
  readonly id: string;
  readonly kind: ClientPlan['kind'];
  readonly outcome: Outcome;
  /** On the monotonic clock. */
  readonly sentAt: number;
  readonly endedAt: number;
}

/** What a client needs to know. */
export interface ClientContext {
  readonly name: string;
  readonly port: number;
  /** Aborts when the application is gone. */
  readonly over: AbortSignal;
  record(this: void, request: RequestRecord): void;
}

const REQUEST_TIMEOUT_MS = 10_000;
const LONG_DOWNLOAD_BYTES = 50_000_000;

/** Does what the plan says until the application is gone; never rejects. */
export async function runClient(plan: ClientPlan, context: ClientContext): Promise<void> {
  switch (plan.kind) {
    case 'keep-alive':
    case 'new connections': {
      const agent = new Agent({ keepAlive: plan.kind === 'keep-alive', maxSockets: 1 });
      await repeatedly(plan.everyMs, context, (id) =>
        request(plan, { path: `/work?ms=${plan.workMs}&id=${id}` }, id, agent, context),
      );
      agent.destroy();
      return;
    }
    case 'long request':
      await request(
        plan,
        { path: `/work?ms=${plan.workMs}&id=${context.name}` },
        context.name,
        new Agent(),
        context,
      );
      return;
    case 'slow reader': {
      const { bytes, overMs } = plan;
      const path = `/download?bytes=${bytes}&id=${context.name}`;
      await request(plan, { path, download: { bytes, overMs } }, context.name, new Agent(), context);
      return;
    }
    case 'pipelining':
      return repeatedly(plan.everyMs, context, (id) => pipeline(plan, id, context));
    case 'streamed answer':
      return repeatedly(plan.everyMs, context, (id) => readAnswer(plan, id, context));
    case 'giving up':
      return repeatedly(plan.everyMs, context, (id) => giveUp(plan, id, context));
    case 'silent':
      return stall('', context);
    case 'half-sent':
      return stall('GET /work?ms=0 HTTP/1.1\r\nHost:', context);
    case 'stalled upload':
      return stall(
        `POST /upload?id=${context.name} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
        context,
      );
    case 'stalled reader':
      return stall(get(`/download?bytes=${LONG_DOWNLOAD_BYTES}&id=${context.name}`), context);
  }
}

async function repeatedly(
  everyMs: number,
  { name, over }: ClientContext,
  act: (id: string) => Promise<Outcome | undefined>,
): Promise<void> {
  for (let count = 0; !over.aborted; count += 1) {
    if ((await act(`${name}.${count}`)) === 'refused') return;
    await delay(everyMs);
  }
}

async function request(
  { kind }: ClientPlan,
  plan: Pick<RequestPlan, 'path' | 'download'>,
  id: string,
  agent: Agent,
  { port, record }: ClientContext,
): Promise<Outcome> {
  const sentAt = monotonicMs();
  const { outcome } = await sendRequest(
    { kind, method: 'GET', ...plan },
    { port, agent, timeoutMs: REQUEST_TIMEOUT_MS },
  );
  record({ id, kind, outcome, sentAt, endedAt: monotonicMs() });
  return outcome;
}

/** Sends several requests at once and reads what comes until the connection ends or all are answered. */
async function pipeline(
  { kind, count, workMs }: Extract<ClientPlan, { kind: 'pipelining' }>,
  batch: string,
  { port, record }: ClientContext,
): Promise<Outcome> {
  const ids = Array.from({ length: count }, (_, index) => `${batch}.${index}`);
  const isAnswered = (text: string, id: string): boolean => text.includes(`{"id":"${id}"}`);
  const sentAt = monotonicMs();
  const { received, ...end } = await exchange(
    port,
    ids.map((id) => get(`/work?ms=${workMs}&id=${id}`)).join(''),
    (text) => ids.every((id) => isAnswered(text, id)),
  );
  const failure = failureOf({ received, ...end });
  for (const id of ids) {
    const outcome = isAnswered(received, id) ? 'answered' : failure;
    record({ id, kind, outcome, sentAt, endedAt: monotonicMs() });
  }
  return failure;
}

interface Exchange {
  readonly received: string;
  /** Unless the connection began and ended. */
  readonly failure?: 'refused' | 'timed-out';
}

/** Sends something on a connection of its own, and reads what comes until that is complete or the connection ends. */
async function exchange(
  port: number,
  request: string,
  isComplete: (received: string) => boolean,
): Promise<Exchange> {
  let received = '';
  let failure: Exchange['failure'];
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const socket = connect({ port, host: '127.0.0.1', signal });
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    if (isComplete(received)) socket.destroy();
  });
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ECONNREFUSED') failure = 'refused';
    if (signal.aborted) failure = 'timed-out';
  });
  socket.write(request);
  // Not `once`, which rejects when there is an error before.
  await new Promise((resolve) => socket.once('close', resolve));
  return { received, ...(failure && { failure }) };
}

function failureOf({ received, failure }: Exchange): Outcome {
  if (failure) return failure;
  if (received.includes('HTTP/1.1 500')) return 'server-error';
  return received.includes('HTTP/1.1 503') ? 'late' : 'reset-new';
}

/** Reads an event stream on a connection of its own. */
async function readAnswer(
  { kind, workMs }: Extract<ClientPlan, { kind: 'streamed answer' }>,
  id: string,
  { port, record }: ClientContext,
): Promise<Outcome> {
  const sentAt = monotonicMs();
  const { received, ...end } = await exchange(
    port,
    `POST /answers?ms=${workMs}&id=${id} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
    // The end of its chunks.
    (text) => text.endsWith('0\r\n\r\n'),
  );
  const failure = received.startsWith('HTTP/1.1 200') ? 'truncated' : failureOf({ received, ...end });
  const outcome = received.includes(LAST_EVENT) ? 'answered' : failure;
  record({ id, kind, outcome, sentAt, endedAt: monotonicMs() });
  return outcome;
}

/** Ends the connection before the answer is complete. */
async function giveUp(
  { route, workMs, patienceMs, ends }: Extract<ClientPlan, { kind: 'giving up' }>,
  id: string,
  { port }: ClientContext,
): Promise<undefined> {
  const socket = open(port);
  socket.write(`${route}?ms=${workMs}&id=${id} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
  await delay(patienceMs);
  if (ends === 'with RST') socket.resetAndDestroy();
  else socket.destroy();
}

/** Sends something and then nothing more, and reads nothing. */
async function stall(text: string, { port, over }: ClientContext): Promise<void> {
  const socket = open(port).pause();
  socket.write(text);
  if (!over.aborted) await once(over, 'abort');
  socket.destroy();
}

function open(port: number): Socket {
  // Its end is the application's business, not this client's.
  return connect(port, '127.0.0.1').on('error', () => undefined);
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
}
