import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { MANY_BYTES, SampleRoutes } from '../../support/http/sample-routes.js';
import type { RawClient } from '../../support/http/raw-client.js';

let routes: SampleRoutes;
let drained: DrainedServer;

async function start(options: DrainedServerOptions = {}): Promise<void> {
  routes = new SampleRoutes();
  drained = await DrainedServer.start(routes.listener, options);
}

/** A connection with a request that waits for the test to answer it. */
const held = (path = '/held'): Promise<RawClient> => drained.inFlight((client) => client.get(path));

afterEach(async () => {
  routes.release();
  await drained.close();
});

describe('an HTTP server whose listener closes when the shutdown is announced', () => {
  it('finishes behind it what is in flight', async () => {
    await start({ stopListeningAt: 'announce' });
    const client = await held();
    const hold = drained.hold('announce');
    const report = drained.shutdown();
    await hold.begun;

    await eventually(() => !drained.server.listening);
    expect(drained.coordinator.phase).toBe('announce');
    hold.release();
    await drained.entered('drain');
    routes.held[0]!.end('done');

    expect((await report).status).toBe('completed');
    expect(client.responses.map(({ body }) => body)).toEqual(['done']);
  });

  it('does not truncate a response that is not flushed', async () => {
    await start({ stopListeningAt: 'announce' });
    const client = await drained.connect();
    client.socket.pause();
    client.get('/big');
    await eventually(() => drained.participant.inFlight() === 1);

    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);
    client.socket.resume();

    const { received } = await client.ended;
    expect(received.length).toBeGreaterThan(MANY_BYTES);
    expect((await report).status).toBe('completed');
  });

  it('does not wait for upgraded connections, but cuts them', async () => {
    await start({ stopListeningAt: 'announce' });
    drained.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.resume().on('end', () => socket.end());
    });
    const client = await drained.connect();
    await client.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').until('101');

    const report = await drained.shutdown();
    await client.ended;

    expect(report.cuts).toMatchObject([{ kind: 'socket', name: 'tunnel / (test)' }]);
  });

  it('keeps it open while an operator drains', async () => {
    await start({ stopListeningAt: 'announce' });
    drained.coordinator.announce();
    await someTurns();

    expect(drained.server.listening).toBe(true);
    await drained.coordinator.resume();
  });
});

describe('an HTTP server whose listener closes before requests are late', () => {
  it('closes at the trigger if there is nothing to announce', async () => {
    await start({ stopListeningAt: 'quiesce' });
    const hold = drained.hold('announce');
    const report = drained.shutdown();

    await eventually(() => !drained.server.listening);
    expect(drained.coordinator.phase).toBe('announce');
    hold.release();

    expect((await report).status).toBe('completed');
  });

  it('keeps it open for the announce delay, and closes it in quiesce', async () => {
    await start({ stopListeningAt: 'quiesce', announceDelayMs: () => 1 });
    const announced = drained.hold('announce');
    const quiesced = drained.hold('quiesce');
    const report = drained.shutdown();
    await announced.begun;
    await someTurns();
    expect(drained.server.listening).toBe(true);

    announced.release();
    await quiesced.begun;
    await eventually(() => !drained.server.listening);
    expect(drained.coordinator.phase).toBe('quiesce');
    quiesced.release();

    expect((await report).status).toBe('completed');
  });
});

describe('a server that somebody else closes during a shutdown', () => {
  it('keeps its idle connections, which may have a request on its way', async () => {
    await start({ lateRequests: 'serve' });
    await held();
    const kept = await drained.connect();
    await kept.get('/').untilResponses(1);
    const report = drained.shutdown();
    await drained.entered('drain');

    drained.server.close();
    await kept.get('/').untilResponses(2);
    routes.release();

    expect((await report).status).toBe('completed');
  });

  it('has its idle connections swept again when an operator has resumed', async () => {
    await start();
    const kept = await drained.connect();
    await kept.get('/').untilResponses(1);
    drained.coordinator.announce();
    await someTurns();
    await drained.coordinator.resume();

    drained.server.close();

    await kept.ended;
    expect(kept.responses).toHaveLength(1);
  });
});

describe('the last thing that a listener does', () => {
  /** What the kernel is told to queue. */
  function backlogsOf(server: http.Server): number[] {
    const backlogs: number[] = [];
    const { _handle: handle } = server as unknown as { _handle: { listen(backlog: number): number } };
    const listen = handle.listen.bind(handle);
    handle.listen = (backlog) => {
      backlogs.push(backlog);
      return listen(backlog);
    };
    return backlogs;
  }

  it('is to have new connections held back, not earlier than right before it closes', async () => {
    await start();
    await held();
    const backlogs = backlogsOf(drained.server);
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(backlogs).toEqual([]);

    routes.release();

    await report;
    expect(backlogs).toEqual([0]);
  });

  it('is not that where another process may share the socket', async () => {
    const owner = net.createServer().listen(0, '127.0.0.1');
    await once(owner, 'listening');
    await start({ listens: false });
    drained.server.listen(owner);
    await once(drained.server, 'listening');
    const backlogs = backlogsOf(drained.server);

    await drained.shutdown();

    expect(drained.server.listening).toBe(false);
    expect(backlogs).toEqual([]);
    owner.close();
  });

  it('is to say once that it is closed, and never when it was not open', async () => {
    const closed: string[] = [];
    const other = await DrainedServer.start(() => {}, { listens: false });
    await start();
    other.server.on('close', () => closed.push('never open'));
    drained.server.on('close', () => closed.push('open'));

    await Promise.all([drained.shutdown(), other.shutdown()]);
    await eventually(() => closed.length > 0);
    await someTurns();

    expect(closed).toEqual(['open']);
    await other.close();
  });
});
