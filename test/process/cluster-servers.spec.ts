import { describe, expect, it } from '@jest/globals';
import { Http2Client } from '../support/http/http2-client.js';
import { RawClient } from '../support/http/raw-client.js';
import { TestCluster, type SchedulingPolicy } from '../support/process/test-cluster.js';
import type { ServersPlan } from '../fixtures/several-servers.js';

type Kind = 'http' | 'https' | 'http2';

/** How many requests are sent to what stays, each on a connection of its own. */
const FRESH_REQUESTS = 20;

const PLATFORMS: readonly (readonly [SchedulingPolicy, 'express' | 'fastify', readonly Kind[], 11 | 12])[] = [
  ['rr', 'express', ['http', 'https'], 12],
  ['rr', 'fastify', ['http', 'https'], 11],
  ['rr', 'fastify', ['http2'], 12],
  ['none', 'express', ['http', 'https'], 11],
  ['none', 'fastify', ['http', 'https'], 12],
  ['none', 'fastify', ['http2'], 11],
];

/** The status of the answer to a request on a connection of its own. */
async function ask(kind: Kind, port: number, path: string): Promise<number | undefined> {
  if (kind === 'http2') {
    const client = await Http2Client.connect('http', port);
    const { status } = await client.ask(path);
    client.session.destroy();
    return status;
  }
  const client = await (kind === 'https' ? RawClient.connectTls(port) : RawClient.connect(port));
  client.get(path);
  await Promise.race([client.untilResponses(1), client.ended]);
  client.socket.destroy();
  return client.responses[0]?.status;
}

const clusterOf = (plan: ServersPlan, policy: SchedulingPolicy, nest: 11 | 12): Promise<TestCluster> =>
  TestCluster.start(
    {},
    { policy, nest, env: { WORKER_PROGRAM: 'several-servers', SERVERS: JSON.stringify(plan) } },
  );

describe.each(PLATFORMS)(
  'a worker with servers of its own (%s, %s, %j, Nest %i)',
  (policy, platform, servers, nest) => {
    it('leaves all of their ports to the others, and answers what it has', async () => {
      await using cluster = await clusterOf({ platform, servers }, policy, nest);
      const held = servers.map((kind) => ask(kind, cluster.portOf(kind), '/slow'));
      // A request that is held says in which worker it is, but not on which server.
      const owners: number[] = [];
      const known = new Set<unknown>();
      while (owners.length < held.length) {
        const event = await cluster.primary.event('request', (request) => !known.has(request));
        known.add(event);
        owners.push(event['pid'] as number);
      }
      const [pid = 0] = owners;
      const other = cluster.workers.find((worker) => worker !== pid) ?? 0;

      process.kill(pid, 'SIGTERM');
      await cluster.entered(pid, 'drain');
      const fresh = await Promise.all(
        servers.flatMap((kind) =>
          Array.from({ length: FRESH_REQUESTS }, () => ask(kind, cluster.portOf(kind), '/quick')),
        ),
      );
      for (const worker of cluster.workers) process.kill(worker, 'SIGWINCH');

      expect(new Set(fresh)).toEqual(new Set([200]));
      expect(await Promise.all(held)).toEqual(servers.map(() => 200));
      expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, signal: null });
      expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', cuts: [] });
      process.kill(other, 'SIGTERM');
      expect(await cluster.event(other, 'worker-exit')).toMatchObject({ code: 0, signal: null });
    });
  },
);
