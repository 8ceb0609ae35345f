import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS } from '../http/served-application.js';
import { StreamingApplication } from './streaming-application.js';
import type { RawClient } from '../../support/http/raw-client.js';

const FAREWELL =
  /\n\n\nevent: shutdown\ndata: {"code":"SHUTTING_DOWN","message":"The server is shutting down"}\nretry: (\d+)\n\n$/;

describe.each(ADAPTERS)('an event stream of a Nest application on $name', (adapter) => {
  let application: StreamingApplication;

  afterEach(() => application.close());
  guardAgainstLeaks();

  const bodyOf = ({ responses }: RawClient): string | undefined => responses[0]?.body;

  it.each([
    ['of @Sse()', 'ticks'],
    ['that is written by hand', 'by-hand'],
    ['of a decorated route', 'decorated'],
  ])('%s gets a last event, without an id, and a clean end', async (_kind, route) => {
    application = await StreamingApplication.start(adapter);
    const client = await application.listen(route);

    const report = await application.shutdown();

    expect((await client.ended).error).toBeUndefined();
    expect(bodyOf(client)).toMatch(FAREWELL);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('of @Sse() ends even if it has never sent an event', async () => {
    application = await StreamingApplication.start(adapter);
    const client = await application.listen('silent', '\r\n\r\n');
    await application.shutdown();
    await client.ended;
    expect(bodyOf(client)).toMatch(/event: shutdown/);
  });

  it('is unsubscribed from when it has ended, while other participants are still draining', async () => {
    application = await StreamingApplication.start(adapter);
    let release!: () => void;
    application.coordinator.register({
      name: 'the test',
      drain: () => new Promise<void>((resolve) => (release = resolve)),
    });
    await Promise.all([application.listen('ticks'), application.listen('silent', '\r\n\r\n')]);
    const over = application.shutdown();
    await eventually(() => application.unsubscribed.length === 2);
    release();
    expect(await over).toMatchObject({ status: 'completed' });
  });

  it('may finish by itself', async () => {
    application = await StreamingApplication.start(adapter);
    const client = await application.listen('finite');
    expect(await application.shutdown()).toMatchObject({ status: 'completed' });
    expect(bodyOf(client)).toMatch(/data: the last one\n\n$/);
  });

  it('ends after its own time limit', async () => {
    application = await StreamingApplication.start(adapter);
    const client = await application.listen('limited');
    expect(await application.shutdown()).toMatchObject({ status: 'completed' });
    await client.ended;
    expect(bodyOf(client)).toMatch(FAREWELL);
  });

  it.each(['ticks', 'finite', 'limited'])(
    'ends immediately on close(), without a retry: %s',
    async (route) => {
      application = await StreamingApplication.start(adapter);
      const client = await application.listen(route);
      await application.shutdown('close');
      await client.ended;
      expect(bodyOf(client)).toMatch(/event: shutdown\ndata: .*\n\n$/);
    },
  );

  it.each(['ticks', 'decorated'])('is not buffered by nginx: %s', async (route) => {
    application = await StreamingApplication.start(adapter);
    const { received } = await application.listen(route);
    expect(received.match(/^x-accel-buffering: no\r$/gim)).toHaveLength(1);
  });

  it('continues while an operator drains', async () => {
    application = await StreamingApplication.start(adapter);
    const client = await application.listen('decorated');
    application.coordinator.announce();
    const other = await application.listen('decorated');
    await application.coordinator.resume();
    expect(client.received + other.received).not.toContain('shutdown');
  });
});
