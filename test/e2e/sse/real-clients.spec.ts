import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { EventSource } from 'eventsource';
import OpenAI from 'openai';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS } from '../http/served-application.js';
import { ModelApplication, WORDS } from './model-application.js';
import type { Adapter } from '../http/served-application.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';

describe.each(ADAPTERS)('on $name', (adapter) => {
  const applications: ModelApplication[] = [];
  const closers: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    for (const application of applications.splice(0)) await application.close();
  });
  guardAgainstLeaks();

  const start = async (options?: GracefulShutdownOptions): Promise<ModelApplication> => {
    const application = await ModelApplication.start(adapter as Adapter, options);
    applications.push(application);
    return application;
  };

  /** A balancer in the client: requests go to the instance that was started last. */
  const toTheLatest = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    url.port = String(applications.at(-1)!.port);
    return fetch(url, init);
  };

  describe('the client of OpenAI', () => {
    const openai = (path: string): OpenAI =>
      new OpenAI({ apiKey: 'test', baseURL: `http://127.0.0.1/${path}`, fetch: toTheLatest });
    const complete = (client: OpenAI) =>
      client.chat.completions.create({ model: 'test', messages: [], stream: true });

    it.each([
      ['v1', ['handler returned', 'module destroyed']],
      ['observed', ['module destroyed']],
    ])('gets all of an answer to a POST that is under way: %s', async (path, journal) => {
      const application = await start();
      const answer = await complete(openai(path));
      const words: unknown[] = [];
      let over: ReturnType<ModelApplication['shutdown']> | undefined;
      for await (const { choices } of answer) {
        words.push(choices[0]?.delta.content);
        over ??= application.shutdown();
      }
      expect(words).toEqual(WORDS);
      expect(await over).toMatchObject({ status: 'completed', cuts: [] });
      expect(application.journal).toEqual(journal);
    });

    it('gets half of an answer if its stream is told to end, but the handler is awaited', async () => {
      const application = await start({ eventStreams: [{ route: 'POST /v1/*', policy: 'end' }] });
      application.coordinator.register({ name: 'the test', drain: () => application.carryOn() });
      application.coordinator.entered = () => application.carriesOn;
      const response = await toTheLatest('http://127.0.0.1/v1/chat/completions', { method: 'POST' });
      const text = response.text();
      expect(await application.shutdown()).toMatchObject({ status: 'completed', cuts: [] });
      expect(await text).toContain('event: shutdown');
      expect(application.journal).toEqual(['handler returned', 'module destroyed']);
    });

    it('that comes late is refused, tries again elsewhere by itself, and gets its answer', async () => {
      const late = await start();
      const held = hold(late, 'drain');
      const over = late.shutdown();
      await held.begun;
      const seen: [number, string | null][] = [];
      const client = new OpenAI({
        apiKey: 'test',
        baseURL: 'http://127.0.0.1/v1',
        fetch: async (input, init) => {
          const response = await toTheLatest(input as string, init);
          seen.push([response.status, response.headers.get('retry-after')]);
          if (seen.length === 1) await start();
          return response;
        },
      });
      const answer = await complete(client);
      void applications.at(-1)!.shutdown();
      const words: unknown[] = [];
      for await (const { choices } of answer) words.push(choices[0]?.delta.content);
      expect(words).toEqual(WORDS);
      expect(seen).toEqual([
        [503, '1'],
        [200, null],
      ]);
      held.release();
      expect(await over).toMatchObject({ status: 'completed', cuts: [] });
    });

    it('gets half of an answer, and an error, only if the time is over', async () => {
      const application = await start({ drainTimeoutMs: 100 });
      application.coordinator.entered = () => new Promise(() => {});
      const answer = await complete(openai('v1'));
      const over = application.shutdown();
      const reading = async (): Promise<void> => {
        for await (const chunk of answer) expect(chunk.choices[0]?.delta.content).toBeDefined();
      };
      await expect(reading()).rejects.toThrow('terminated');
      expect(await over).toMatchObject({
        status: 'failed',
        cuts: [{ kind: 'stream', name: 'POST /v1/chat/completions' }],
      });
    });
  });

  describe.each(['/mcp', '/mcp-by-controller'])('the client of MCP, at %s,', (path) => {
    const connect = async () => {
      const client = new Client({ name: 'test', version: '1.0.0' });
      const errors: Error[] = [];
      const opened: string[] = [];
      const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1${path}`), {
        fetch: async (url, init) => {
          const response = await toTheLatest(url, init);
          const type = response.headers.get('content-type')?.split(';')[0];
          opened.push(`${init?.method ?? 'GET'} ${response.status} ${type}`);
          return response;
        },
      });
      client.onerror = (error) => void errors.push(error);
      await client.connect(transport as Parameters<Client['connect']>[0]);
      closers.push(() => client.close());
      await eventually(() => opened.includes('GET 200 text/event-stream'));
      return { client, errors, opened };
    };

    it('gets the result of a tool that is under way, and its GET stream ends', async () => {
      const application = await start();
      const { client, errors, opened } = await connect();
      const result = client.callTool({ name: 'book' });
      await eventually(() => application.coordinator.progress().inFlight === 2);
      const over = application.shutdown();
      expect((await result).content).toEqual([{ type: 'text', text: 'booked' }]);
      expect(await over).toMatchObject({ status: 'completed', cuts: [] });
      expect(opened).toContain('POST 200 text/event-stream');
      expect(errors).toEqual([]);
    });

    it('is refused with a 503 when it posts late', async () => {
      const application = await start();
      const { client } = await connect();
      const held = hold(application, 'drain');
      const over = application.shutdown();
      await held.begun;
      await expect(client.callTool({ name: 'book' })).rejects.toMatchObject({ code: 503 });
      held.release();
      expect(await over).toMatchObject({ status: 'completed', cuts: [] });
    });

    it('gets no result of a tool if its streams are told to end', async () => {
      const application = await start({ eventStreams: [{ route: path, policy: 'end' }] });
      const { client } = await connect();
      application.coordinator.entered = () => new Promise(() => {});
      const controller = new AbortController();
      const result = client.callTool({ name: 'book' }, undefined, { signal: controller.signal });
      await eventually(() => application.coordinator.progress().inFlight === 2);
      expect(await application.shutdown()).toMatchObject({ status: 'completed', cuts: [] });
      controller.abort(new Error('given up'));
      await expect(result).rejects.toThrow('given up');
    });
  });

  it('an EventSource goes on with the next instance where it was', async () => {
    const application = await start({ reconnectWindowMs: 100 });
    const source = new EventSource('http://127.0.0.1/ticks', {
      fetch: (url, init) => toTheLatest(url, init as RequestInit),
    });
    closers.push(() => source.close());
    const asked: string[] = [];
    source.addEventListener('shutdown', ({ data }) => asked.push(String(data)));
    await new Promise((resolve) => source.addEventListener('message', resolve, { once: true }));
    await start();
    expect(await application.shutdown()).toMatchObject({ status: 'completed', cuts: [] });
    await eventually(() => source.readyState === EventSource.CONNECTING);
    await new Promise((resolve) => source.addEventListener('message', resolve, { once: true }));
    expect(asked).toEqual(['{"code":"SHUTTING_DOWN","message":"The server is shutting down"}']);
  });
});

/** Makes a phase last until it is released. */
function hold({ coordinator }: ModelApplication, phase: 'drain') {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  coordinator.register({ name: 'the test', [phase]: () => released });
  return { begun: coordinator.entered(phase), release };
}
