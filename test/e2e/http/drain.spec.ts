import { afterEach, describe, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { eventually } from '../../support/http/eventually.js';
import { QueuedClients } from '../../support/http/queued-clients.js';
import { MANY_BYTES } from '../../support/http/sample-routes.js';
import { ADAPTERS, ServedApplication } from './served-application.js';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

describe.each(ADAPTERS)('a Nest application on $name', (adapter) => {
  let served: ServedApplication;

  afterEach(() => served.close());
  guardAgainstLeaks();

  const connectionHeaders = (client: {
    responses: readonly { headers: Record<string, string | undefined> }[];
  }) => client.responses.map(({ headers }) => headers['connection']);

  it('announces in each response that it is the last one of its connection', async () => {
    served = await ServedApplication.start(adapter);
    const [idle, busy] = [await served.connect(), await served.held()];
    await idle.get('/quick').untilResponses(1);

    await served.stopIn('announce');
    served.release();

    await Promise.all([idle.get('/quick').ended, busy.ended]);
    expect(connectionHeaders(idle)).toEqual(['keep-alive', 'close']);
    expect(busy.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
  });

  it('includes its connections in the progress', async () => {
    served = await ServedApplication.start(adapter);
    await served.held();
    const idle = await served.connect();
    await idle.get('/quick').untilResponses(1);

    expect(served.coordinator.progress().statistics).toMatchObject({
      'HTTP server': { open: 2, idle: 1, inFlight: 1 },
    });
  });

  it('answers three of three pipelined requests, and closes only with the last', async () => {
    served = await ServedApplication.start(adapter);
    await served.stopIn('announce');
    const client = await served.connect();

    await client.send('GET /quick HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(3)).ended;

    expect(connectionHeaders(client)).toEqual(['keep-alive', 'keep-alive', 'close']);
  });

  it('does the same for event streams, although they ask for keep-alive', async () => {
    served = await ServedApplication.start(adapter);
    await served.stopIn('announce');
    const client = await served.connect();

    await client.get('/events').until('data: one');

    expect(client.received).toMatch(/\r\nconnection: close\r\n/i);
    expect(client.received).not.toMatch(/keep-alive/i);
  });

  it('refuses late requests, and answers earlier ones', async () => {
    served = await ServedApplication.start(adapter);
    const busy = await served.held();
    const report = served.shutdown();
    await served.entered('drain');
    const late = await served.connect();

    await late.get('/quick').ended;
    served.release();

    expect(JSON.parse(late.responses[0]!.body)).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'The server is shutting down',
      code: 'SHUTTING_DOWN',
    });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(busy.responses.map(({ status }) => status)).toEqual([200]);
  });

  it('answers liveness probes until the end of the drain', async () => {
    served = await ServedApplication.start(adapter);
    await served.held();
    void served.shutdown();
    await served.entered('drain');
    const probe = await served.connect();

    await probe.get('/healthz').ended;

    expect(probe.responses.map(({ status }) => status)).toEqual([200]);
  });

  it('finishes requests in flight before its server closes, even if the adapter destroys connections', async () => {
    served = await ServedApplication.start(adapter);
    const busy = await served.held();

    const closed = served.app.close();
    await served.entered('drain');
    served.release();

    await closed;
    expect((await busy.ended).error).toBeUndefined();
    expect(busy.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
  });

  it('sends 20 of 20 MB to a client that reads late', async () => {
    served = await ServedApplication.start(adapter);
    const slow = await served.connect();
    slow.socket.pause();
    slow.get('/big');
    await eventually(() => served.coordinator.progress().inFlight === 1);

    const closed = served.app.close();
    await served.entered('drain');
    slow.socket.resume();

    await closed;
    const { received, error } = await slow.ended;
    expect(error).toBeUndefined();
    expect(received.length).toBeGreaterThan(MANY_BYTES);
  });

  it('finishes an upload', async () => {
    served = await ServedApplication.start(adapter);
    const body = JSON.stringify({ text: 'x'.repeat(1_000) });
    const client = await served.connect();
    client.send(
      `POST /upload HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n` +
        body.slice(0, 500),
    );
    await eventually(() => served.coordinator.progress().inFlight === 1);
    const closed = served.app.close();
    await served.entered('drain');

    client.send(body.slice(500));

    await closed;
    await client.ended;
    expect(client.responses).toMatchObject([{ status: 201, body: '1000 characters' }]);
  });

  it('ends the connections that Nest would wait for: idle, silent and half-sent ones', async () => {
    served = await ServedApplication.start(adapter);
    const HALF = 'GET /quick HTTP/1.1\r\nHo';
    const accepted: Socket[] = [];
    (served.app.getHttpServer() as Server).on('connection', (socket: Socket) => accepted.push(socket));
    const [idle, silent, half] = [await served.connect(), await served.connect(), await served.connect()];
    await idle.get('/quick').untilResponses(1);
    half.send(HALF);
    await eventually(() => accepted.some(({ bytesRead }) => bytesRead === HALF.length));

    await served.app.close();

    const ends = await Promise.all([idle, silent, half].map(({ ended }) => ended));
    expect(ends.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  });

  it('cuts a request at the deadline, and reports it', async () => {
    served = await ServedApplication.start(adapter, { drainTimeoutMs: 100 });
    const client = await served.held();

    const report = await served.shutdown();

    await client.ended;
    expect(report.status).toBe('failed');
    expect(report.cuts).toMatchObject([{ kind: 'request', name: 'GET /held', phase: 'drain' }]);
  });

  it('answers every connection that was queued behind a blocked event loop', async () => {
    served = await ServedApplication.start(adapter);
    const clients = new QueuedClients(served.port, 100);
    clients.blockUntilQueued();

    const report = served.shutdown();

    expect(new Set(await clients.answers())).toEqual(new Set(['503']));
    expect((await report).status).toBe('completed');
  });
});
