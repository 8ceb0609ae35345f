import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { channel } from 'node:diagnostics_channel';
import { TrackedResponses } from '../../../src/http/tracked-responses.js';
import { strictProbes } from '../../support/strict-probes.js';
import { findResponses } from '../../../src/http/find-responses.js';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { MANY_BYTES, SampleRoutes } from '../../support/http/sample-routes.js';

let routes: SampleRoutes;
let drained: DrainedServer;

beforeEach(async () => {
  routes = new SampleRoutes();
  drained = await DrainedServer.start(routes.listener, { responses: new TrackedResponses() });
});

afterEach(async () => {
  routes.release();
  await drained.close();
});

describe('if sockets cannot be read, every request is tracked, and', () => {
  it('requests in flight are counted, waited for and retired', async () => {
    const client = await drained.inFlight((raw) => raw.get('/held'));
    const report = drained.shutdown();
    await drained.entered('drain');
    expect(drained.participant.inFlight()).toBe(1);

    routes.release();

    expect((await report).status).toBe('completed');
    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
  });

  it('responses are waited for to the last byte', async () => {
    const client = await drained.inFlight((raw) => {
      raw.socket.pause();
      raw.get('/big');
    });
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');

    client.socket.resume();

    expect((await client.ended).received.length).toBeGreaterThan(MANY_BYTES);
    expect((await report).status).toBe('completed');
  });

  it('pipelined requests are all answered, and only the last closes', async () => {
    const client = await drained.connect();
    client.get('/held').get('/held').get('/held');
    await eventually(() => routes.held.length === 3);
    const report = drained.shutdown();
    await drained.entered('drain');

    for (const [index, response] of routes.held.entries()) {
      response.end('done');
      await client.untilResponses(index + 1);
    }

    await report;
    expect(client.responses.map(({ headers }) => headers['connection'])).toEqual([
      'keep-alive',
      'keep-alive',
      'close',
    ]);
  });

  it('connections have the right state', async () => {
    const idle = await drained.connect();
    await idle.get('/').untilResponses(1);
    const half = await drained.connect();
    half.send('GET /half HT');
    await eventually(() => drained.participant.statistics().halfSent === 1);

    expect(drained.participant.statistics()).toMatchObject({ open: 2, idle: 1, inFlight: 0, halfSent: 1 });
  });

  it('nothing is tracked after disposal', () => {
    expect(channel('http.server.request.start').hasSubscribers).toBe(true);

    drained.participant.dispose();

    expect(channel('http.server.request.start').hasSubscribers).toBe(false);
  });
});

describe('on this Node', () => {
  it('sockets can be read, so that nothing runs per request', () => {
    expect(findResponses(strictProbes())).not.toBeInstanceOf(TrackedResponses);
  });
});
