import { createServer } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  rootModule,
} from '../nest/applications.js';
import type { AddressInfo } from 'node:net';
import type { GracefulShutdownOptions } from 'nestjs-drain';

afterEach(closeAll);
guardAgainstLeaks();

const KEY = 'a-key-that-is-long-enough';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(
  url: string,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const response = await fetch(url, { ...init, headers: { connection: 'close', ...init.headers } });
  return { status: response.status, body: await response.json() };
}

/** Where the log says that the port is. */
function urlIn(log: LogLines): string {
  const [line = ''] = log.of('log', 'graceful shutdown on');
  return /http:[\w./:]+/.exec(line)?.[0] ?? '';
}

async function createWorker(options: GracefulShutdownOptions = {}) {
  const log = new LogLines();
  const app = await createContext(
    { options: { management: { port: 0 }, drainAuthKey: KEY, ...options } },
    log,
  );
  return { app, coordinator: coordinatorOf(app), url: urlIn(log) };
}

describe('the management port', () => {
  it('serves probes, progress and drain for an application without a server', async () => {
    const { coordinator, url } = await createWorker();

    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200 });
    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await ask(`${url}/progress`)).toMatchObject({
      status: 200,
      body: { phase: 'running', pending: [] },
    });
    expect(await ask(`${url}/drain`, { method: 'POST' })).toMatchObject({ status: 401 });

    const headers = { authorization: `Bearer ${KEY}` };
    expect(await ask(`${url}/drain`, { method: 'POST', headers })).toMatchObject({ status: 202 });
    expect(coordinator.state).toBe('announce');
    expect(await ask(`${url}/readyz?probe`)).toMatchObject({
      status: 503,
      body: { status: 'shutting_down', error: { shutdown: { phase: 'announce' } } },
    });
    expect(await ask(`${url}/drain`, { method: 'DELETE', headers })).toMatchObject({ status: 200 });
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200 });
  });

  it.each<[string, () => unknown]>([
    ['a promise', () => Promise.reject(new Error('no idea'))],
    ['a bigint', () => 3n],
    ['a symbol', () => Symbol('three')],
  ])('answers although the count of a participant is %s', async (_, count) => {
    const { coordinator, url } = await createWorker();
    coordinator.register({
      name: 'foreign',
      drain: () => {},
      inFlight: count as () => number,
      statistics: () => ({ open: count() as number }),
    });
    const progress = { inFlight: 0, inFlightUnknown: ['foreign'] };

    expect(await ask(`${url}/progress`)).toMatchObject({
      status: 200,
      body: { ...progress, statistics: { foreign: {} } },
    });
    coordinator.announce();
    expect(await ask(`${url}/readyz`)).toMatchObject({
      status: 503,
      body: { status: 'shutting_down', error: { shutdown: progress } },
    });
    await coordinator.resume();
  });

  it('streams every change of the progress until the end, to clients that are still there', async () => {
    const { app, coordinator, url } = await createWorker();
    let count = 2;
    let finish = (): void => {};
    const begun = new Promise<void>((resolve) => {
      coordinator.register({
        name: 'mails',
        drain: () => new Promise((end) => ((finish = end), resolve())),
        inFlight: () => count,
      });
    });
    const observe = coordinator.observe.bind(coordinator);
    let observing = 0;
    coordinator.observe = (...args) => {
      observing += 1;
      const stop = observe(...args);
      return () => {
        observing -= 1;
        stop();
      };
    };
    const headers = { accept: 'text/event-stream' };
    const leaving = new AbortController();
    const gone = await fetch(`${url}/progress`, { headers, signal: leaving.signal });
    const staying = await fetch(`${url}/progress`, { headers });
    expect(staying.headers.get('content-type')).toBe('text/event-stream');
    leaving.abort();
    await expect(gone.text()).rejects.toThrow('aborted');
    await eventually(() => observing === 1);

    const closed = app.close();
    await begun;
    count = 0;
    finish();
    await closed;

    const events = (await staying.text()).split('\n\n').filter(Boolean);
    expect(events.at(-1)).toBe('event: end\ndata: {}');
    const told = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)) as object);
    expect(told[0]).toMatchObject({ phase: 'running', inFlight: 2 });
    expect(told).toContainEqual(
      expect.objectContaining({
        phase: 'drain',
        pending: expect.arrayContaining([expect.objectContaining({ name: 'mails' })]),
      }),
    );
    expect(told.at(-1)).toMatchObject({ phase: 'completed', inFlight: 0 });
  });

  it('answers an unknown path with 404 and the known ones', async () => {
    const { url } = await createWorker();

    expect(await ask(`${url}/orders`, { method: 'POST' })).toMatchObject({
      status: 404,
      body: { message: 'known paths: /readyz, /healthz, /drain, /progress' },
    });
    expect(await ask(`${url}/healthz`, { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('answers until the end of flush, after the server of the application has closed', async () => {
    const log = new LogLines();
    const app = await createHttp({ options: { management: { port: 0 } } }, { logger: log });
    await app.listen(0, '127.0.0.1');
    // The line at boot follows when everything listens.
    await immediate();
    const ownUrl = await app.getUrl();
    const url = urlIn(log);
    const seen: unknown[] = [];
    coordinatorOf(app).register({
      name: 'witness',
      async flush() {
        seen.push(
          await fetch(ownUrl).then(
            ({ status }) => status,
            () => 'refused',
          ),
        );
        seen.push((await ask(`${url}/readyz`)).status, (await ask(`${url}/healthz`)).status);
        seen.push(((await ask(`${url}/progress`)).body as { pending: unknown }).pending);
      },
    });

    await app.close();

    expect(seen).toEqual([
      'refused',
      503,
      200,
      [expect.objectContaining({ name: 'witness', phase: 'flush' })],
    ]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('is disabled by default', async () => {
    const log = new LogLines();
    await createContext({}, log);

    expect(urlIn(log)).toBe('');
  });

  it('in use is an error at boot that says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const creation = NestFactory.createApplicationContext(rootModule({ options: { management: { port } } }), {
      logger: false,
      abortOnError: false,
    });

    await expect(creation).rejects.toThrow(
      `cannot open the management port ${port} on 127.0.0.1: listen EADDRINUSE`,
    );
    other.close();
    await once(other, 'close');
  });
});
