import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { start, type Program } from '../support/process/program.js';
import type { AddressInfo } from 'node:net';

const programs: Program[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'examples-'));
});
afterEach(async () => {
  // A test that takes too long never comes to letting go of its program by itself.
  for (const program of programs.splice(0)) await program[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function startExample(name: string, env: Readonly<Record<string, string>> = {}): Program {
  const program = start(`examples/${name}/main`, {
    env: { NODE_ENV: 'production', NO_COLOR: '1', PORT: '0', ...env },
  });
  programs.push(program);
  return program;
}

/** A server that answers, with the path that it was asked for, when it is told to. */
class Upstream implements AsyncDisposable {
  readonly #unanswered: { path: string; response: ServerResponse }[] = [];
  readonly #server = createServer((asked: IncomingMessage, response) => {
    this.#unanswered.push({ path: asked.url ?? '', response });
    this.#server.emit('asked');
  });

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async wasAsked(times: number): Promise<void> {
    while (this.#unanswered.length < times) await once(this.#server, 'asked');
  }

  answer(): void {
    for (const { path, response } of this.#unanswered.splice(0)) response.end(`answer to ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

it('minimal: a request is taken to its end after SIGTERM', async () => {
  const program = startExample('minimal');
  const { port } = await program.event('listening');
  const order = request(`http://127.0.0.1:${String(port)}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Expect: '100-continue' },
  });
  order.flushHeaders();
  await once(order, 'continue');
  const answer = once(order, 'response') as Promise<[IncomingMessage]>;

  program.signal('SIGTERM');
  await program.printed(/SIGTERM: shutting down within/);
  order.end('{"chairs":4}');

  const [response] = await answer;
  expect(response.statusCode).toBe(201);
  expect(JSON.parse(await text(response))).toEqual({ accepted: { chairs: 4 } });
  expect(await program.exited).toMatchObject({ code: 0 });
});

it('standalone-worker: finishes the message that it has, and takes no other', async () => {
  await using upstream = new Upstream();
  const outbox = join(folder, 'outbox');
  const deliveries = join(folder, 'deliveries.log');
  await mkdir(outbox);
  for (const name of ['1.txt', '2.txt']) await writeFile(join(outbox, name), 'hello');
  const program = startExample('standalone-worker', {
    OUTBOX: outbox,
    DELIVERIES: deliveries,
    RECIPIENT: await upstream.listen(),
    MANAGEMENT_PORT: '0',
  });
  const [, url] = await program.printed(/routes also at (http:[\w./:]+)/);
  expect(await fetch(`${url}/readyz`)).toMatchObject({ status: 200 });
  await upstream.wasAsked(1);

  program.signal('SIGTERM');
  await program.printed(/SIGTERM: shutting down within/);
  expect(await fetch(`${url}/readyz`)).toMatchObject({ status: 503 });
  upstream.answer();

  expect(await program.exited).toMatchObject({ code: 0 });
  expect(await readFile(deliveries, 'utf8')).toBe('1.txt\n');
  expect(await readdir(outbox)).toEqual(['2.txt']);
});

it('hybrid-microservice: requests and messages are answered', async () => {
  await using upstream = new Upstream();
  const program = startExample('hybrid-microservice', {
    TCP_PORT: '0',
    MANAGEMENT_PORT: '0',
    WAREHOUSE: await upstream.listen(),
  });
  const [, url] = await program.printed(/routes also at (http:[\w./:]+)/);
  const { http, tcp } = await program.event('listening');
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { port: Number(tcp) } });
  const reply = firstValueFrom(client.send<string>('stock', 'chairs'));
  const answer = fetch(`http://127.0.0.1:${String(http)}/stock/tables`).then((response) => response.text());
  await upstream.wasAsked(2);

  program.signal('SIGTERM');
  await program.printed(/SIGTERM: shutting down within/);
  expect(await (await fetch(`${url}/progress`)).json()).toMatchObject({
    pending: expect.arrayContaining([
      expect.objectContaining({ name: 'HTTP server' }),
      expect.objectContaining({ name: 'TCP microservice' }),
    ]),
  });
  upstream.answer();

  expect(await reply).toBe('answer to /chairs');
  expect(await answer).toBe('answer to /tables');
  await client.close();
  expect(await program.exited).toMatchObject({ code: 0 });
});

it('custom-resource: what the cache holds is in the file before that is closed', async () => {
  const prices = join(folder, 'prices.jsonl');
  const program = startExample('custom-resource', { PRICES: prices });
  const { port } = await program.event('listening');
  await fetch(`http://127.0.0.1:${String(port)}/prices/chair/40`, { method: 'PUT' });

  program.signal('SIGTERM');

  expect(await program.exited).toMatchObject({ code: 0 });
  expect(await readFile(prices, 'utf8')).toBe('{"chair":40}\n');
});

it('await-using: ends with its work, or early with a signal, and goes on where it has ended', async () => {
  const target = join(folder, 'lines.txt');
  const interrupted = startExample('await-using', { TARGET: target, LINES: '5', PAUSE_MS: '600000' });
  await interrupted.event('written');
  interrupted.signal('SIGTERM');
  expect(await interrupted.exited).toMatchObject({ code: 0 });
  expect(await readFile(target, 'utf8')).toBe('1\n');

  const finished = startExample('await-using', { TARGET: target, LINES: '5', PAUSE_MS: '0' });
  await finished.event('closed');
  expect(await finished.exited).toMatchObject({ code: 0 });
  expect(await readFile(target, 'utf8')).toBe('1\n2\n3\n4\n5\n');
});

it('dashboard: shows how far the shutdown has come, up to the drain', async () => {
  const program = startExample('dashboard');
  const { port } = await program.event('listening');
  const response = await fetch(`http://127.0.0.1:${String(port)}/progress`);
  const events = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = String((await events?.read())?.value);
  expect(seen).toContain('"state":"running"');

  program.signal('SIGTERM');
  for (let part = await events?.read(); part?.done === false; part = await events?.read()) seen += part.value;

  expect(seen).toMatch(/"state":"quiesce".*"state":"drain".*event: shutdown/s);
  expect(await program.exited).toMatchObject({ code: 0 });
});
