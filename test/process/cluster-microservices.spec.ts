import { describe, expect, it, jest } from '@jest/globals';
import { Transport } from '@nestjs/microservices';
import { openLoop } from '#rehearsal/load/open-loop.js';
import { grpcClient, proxyClient, type JobClient } from '../support/microservices/transports.js';
import { TestCluster, type SchedulingPolicy } from '../support/process/test-cluster.js';
import { freePort } from '../support/services/server.js';
import type { Job } from '../fixtures/microservice-plan.js';

// Workers start one after the other in each of these tests.
jest.setTimeout(120_000);

type Kind = 'tcp' | 'grpc';

async function clusterOf(kind: Kind, policy: SchedulingPolicy, nest: 11 | 12): Promise<TestCluster> {
  const env = { WORKER_PROGRAM: 'clustered-microservice', TRANSPORT: kind, PORT: String(await freePort()) };
  return TestCluster.start({}, { policy, nest, env });
}

function clientOf(kind: Kind, cluster: TestCluster): Promise<JobClient> {
  const port = cluster.portOf('microservice');
  return kind === 'grpc'
    ? grpcClient(port)
    : proxyClient({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
}

/** What was sent, and what became of it. */
class Load {
  readonly #failed = new Set<string>();
  readonly #events = new Set<string>();
  readonly #cluster: TestCluster;
  readonly #kind: Kind;

  constructor(kind: Kind, cluster: TestCluster) {
    this.#kind = kind;
    this.#cluster = cluster;
  }

  /** Requests and events on connections that stay, and requests on a connection each. */
  async during(action: () => Promise<void>): Promise<void> {
    const kept = await Promise.all(Array.from({ length: 6 }, () => clientOf(this.#kind, this.#cluster)));
    const ended = new AbortController();
    const load = openLoop(
      [
        { perSecond: 60, plan: (index) => () => this.#request(kept[index % kept.length]!, `kept ${index}`) },
        { perSecond: 20, plan: (index) => () => this.#fresh(`fresh ${index}`) },
        { perSecond: 20, plan: (index) => () => this.#event(kept[index % kept.length]!, `event ${index}`) },
      ],
      (send) => send(),
      ended.signal,
    );
    await action();
    ended.abort();
    await load;
    await Promise.all(kept.map((client) => client.close()));
  }

  /** Compares what was sent with what the workers have told. */
  tally(): object {
    const { events } = this.#cluster.primary;
    const idsOf = (name: string): string[] =>
      events.filter(({ event }) => event === name).map(({ id }) => String(id));
    const begun = idsOf('begun');
    const done = new Set(idsOf('done'));
    return {
      // What has not begun was refused, and can be sent again.
      answersLost: [...this.#failed].filter((id) => begun.includes(id)),
      eventsLost: [...this.#events].filter((id) => !done.has(id)),
      unfinished: begun.filter((id) => !done.has(id)),
      begunTwice: begun.length - new Set(begun).size,
    };
  }

  async #request(client: JobClient, id: string): Promise<void> {
    await client.request!(jobOf(id)).catch(() => this.#failed.add(id));
  }

  async #fresh(id: string): Promise<void> {
    const client = await clientOf(this.#kind, this.#cluster);
    await this.#request(client, id);
    await client.close();
  }

  async #event({ emit }: JobClient, id: string): Promise<void> {
    if (!emit) return;
    this.#events.add(id);
    await emit(jobOf(id)).catch(() => this.#events.delete(id));
  }
}

const jobOf = (id: string): Job => ({ id, ms: (Number(id.split(' ')[1]) * 7) % 150 });

describe.each([
  ['tcp', 'rr', 12],
  ['tcp', 'none', 12],
  ['tcp', 'rr', 11],
  ['tcp', 'none', 11],
  ['grpc', 'rr', 12],
  ['grpc', 'none', 11],
] as const)('a worker with a microservice (%s, %s, Nest %i)', (kind, policy, nest) => {
  it('is replaced again and again: no handler is cut, no answer lost', async () => {
    await using cluster = await clusterOf(kind, policy, nest);
    const load = new Load(kind, cluster);

    await load.during(async () => {
      for (let round = 0; round < 6; round += 1) {
        cluster.primary.send('fork');
        await cluster.nextWorker();
        const pid = cluster.workers[round]!;
        process.kill(pid, 'SIGTERM');
        expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, signal: null });
        expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', cuts: [] });
      }
    });

    expect(load.tally()).toMatchObject({ answersLost: [], eventsLost: [], unfinished: [], begunTwice: 0 });
    await cluster.stop();
  });
});

describe.each([
  ['tcp', 12],
  ['tcp', 11],
  ['grpc', 12],
] as const)('a worker with a microservice that the primary is slow to answer (%s, Nest %i)', (kind, nest) => {
  it('stays until it knows that no connection is on its way', async () => {
    await using cluster = await clusterOf(kind, 'rr', nest);
    const [pid] = cluster.workers;
    cluster.primary.signal('SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 4 }, () => clientOf(kind, cluster)));
    const answers = clients.map((client, index) => client.request!({ id: String(index), ms: 0 }));
    process.kill(pid!, 'SIGTERM');
    await cluster.entered(pid!, 'drain');

    cluster.primary.signal('SIGCONT');

    await Promise.all(answers);
    expect(await cluster.event(pid!, 'worker-exit')).toMatchObject({ code: 0, signal: null });
    await Promise.all(clients.map((client) => client.close()));
    await cluster.stop();
  });
});
