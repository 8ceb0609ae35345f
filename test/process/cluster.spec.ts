import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { RawClient } from '../support/http/raw-client.js';
import { losses, underLoad } from '#rehearsal/load/under-load.js';
import { root } from '../support/process/program.js';
import { freePort } from '../support/services/server.js';
import { TestCluster, type SchedulingPolicy } from '../support/process/test-cluster.js';
import { codeBlocks } from '../unit/docs/markdown.js';
import type { ApplicationPlan } from '../fixtures/plan.js';

type Platform = NonNullable<ApplicationPlan['platform']>;

const PLATFORMS: readonly (readonly [SchedulingPolicy, Platform, 11 | 12])[] = [
  ['rr', 'express', 12],
  ['rr', 'fastify', 12],
  ['rr', 'express', 11],
  ['rr', 'fastify', 11],
  ['none', 'express', 12],
  ['none', 'fastify', 11],
];

const HELD_MS = 1_500;
const options = { gracePeriodMs: 15_000 };

/** Resolves when a worker has it: until then the primary may, which leaves it open when its last worker has left. */
async function accepted(cluster: TestCluster, { socket }: RawClient): Promise<void> {
  await cluster.primary.event('connection', ({ remotePort }) => remotePort === socket.localPort);
}

/** A request that takes a while, and the worker that has it. */
async function held(cluster: TestCluster, ms = HELD_MS): Promise<{ client: RawClient; pid: number }> {
  const earlier = new Set(cluster.primary.events);
  const client = await RawClient.connect(cluster.port);
  client.get(`/slow?ms=${ms}`);
  const { pid } = await cluster.primary.event('request', (event) => !earlier.has(event));
  return { client, pid: pid as number };
}

/** Another one, of another worker: this one cannot accept it. */
async function heldElsewhere(cluster: TestCluster, pid: number): Promise<{ client: RawClient; pid: number }> {
  process.kill(pid, 'SIGSTOP');
  const other = await held(cluster);
  process.kill(pid, 'SIGCONT');
  return other;
}

describe.each(PLATFORMS)('a worker of a cluster (%s, %s, Nest %i)', (policy, platform, nest) => {
  const plan: ApplicationPlan = { platform, options };

  it('leaves the port to the others when it is told to end, and answers what it has', async () => {
    await using cluster = await TestCluster.start(plan, { policy, nest });
    const { client, pid } = await held(cluster);
    const load = { port: cluster.port, path: '/quick', perSecond: 150, keepAlive: false };

    const tally = await underLoad(load, async () => {
      process.kill(pid, 'SIGTERM');
      await cluster.event(pid, 'worker-exit');
    });

    expect(losses(tally)).toEqual({});
    expect(tally.count('answered')).toBeGreaterThan(HELD_MS / 20);
    expect(client.responses).toMatchObject([{ status: 200, body: '{"open":true}' }]);
    expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, signal: null });
    expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', cuts: [] });
    expect(await cluster.stop()).toMatchObject({ signal: 'SIGTERM' });
  });

  it('is replaced again and again without a loss', async () => {
    await using cluster = await TestCluster.start(plan, { policy, nest });
    const load = { port: cluster.port, path: '/quick', perSecond: 150, keepAlive: false };

    const tally = await underLoad(load, async () => {
      for (let round = 0; round < 6; round += 1) {
        cluster.primary.send('fork');
        await cluster.nextWorker();
        const pid = cluster.workers[round]!;
        process.kill(pid, 'SIGTERM');
        expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, signal: null });
      }
    });

    expect(losses(tally)).toEqual({});
    await cluster.stop();
  });
});

describe.each([
  ['rr', 'express', 12],
  ['none', 'express', 12],
  ['none', 'fastify', 11],
] as const)('a worker under a steady load (%s, %s, Nest %i)', (policy, platform, nest) => {
  it('leaves the port although another connection is always waiting', async () => {
    const clients = 20;
    await using cluster = await TestCluster.start({ platform, options }, { policy, nest });
    const { client, pid } = await held(cluster, 4_000);
    const over = new AbortController();
    const losses: number[] = [];
    const load = Array.from({ length: clients }, async () => {
      while (!over.signal.aborted) {
        const fresh = await RawClient.connect(cluster.port);
        await fresh.get('/busy?ms=10').untilResponses(1);
        fresh.socket.destroy();
        if (fresh.responses[0]?.status !== 200) losses.push(fresh.responses[0]?.status ?? 0);
      }
    });

    process.kill(pid, 'SIGTERM');
    await client.untilResponses(1);

    // It still drained when the others had served this many.
    const served = cluster.primary.events
      .filter(({ event }) => event === 'request')
      .map((event) => event['pid']);
    over.abort();
    await Promise.all(load);
    expect(served.length - 1 - served.lastIndexOf(pid)).toBeGreaterThan(clients * 2);
    expect(losses).toEqual([]);
    expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, signal: null });
    await cluster.stop();
  });
});

describe('a worker that the primary is slow to answer', () => {
  it('stays until it knows that no connection is on its way', async () => {
    await using cluster = await TestCluster.start({ options });
    const [pid] = cluster.workers;
    cluster.primary.signal('SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(cluster.port)));
    for (const client of clients) client.get('/quick');
    process.kill(pid!, 'SIGTERM');
    await cluster.entered(pid!, 'release');

    cluster.primary.signal('SIGCONT');

    await Promise.all(clients.map((client) => client.untilResponses(1)));
    expect(clients.map(({ responses }) => responses[0]?.status)).toEqual([200, 200, 200, 200]);
    expect(await cluster.event(pid!, 'worker-exit')).toMatchObject({ code: 0, signal: null });
    for (const { socket } of clients) socket.destroy();
    await cluster.stop();
  });
});

describe.each([
  ['rr', 12],
  ['none', 11],
] as const)('the connections that a worker has accepted (%s, Nest %i)', (policy, nest) => {
  it('get one more answer while it drains', async () => {
    const plan: ApplicationPlan = { options, faults: ['tells-connections'] };
    await using cluster = await TestCluster.start(plan, { policy, nest, workers: 1 });
    const { client, pid } = await held(cluster);
    const kept = await RawClient.connect(cluster.port);
    const silent = await RawClient.connect(cluster.port);
    await kept.get('/quick').untilResponses(1);
    await accepted(cluster, silent);
    process.kill(pid, 'SIGTERM');
    await cluster.entered(pid, 'drain');

    await kept.get('/quick').untilResponses(2);
    await silent.get('/quick').untilResponses(1);

    for (const response of [kept.responses[1], silent.responses[0]]) {
      expect(response).toMatchObject({ status: 200, headers: { connection: 'close' } });
    }
    await client.untilResponses(1);
    await kept.ended;
    await silent.ended;
    expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('are told during the announce delay, for which all workers keep the port', async () => {
    const announceDelayMs = 3_000;
    const plan: ApplicationPlan = { options: { ...options, announceDelayMs } };
    await using cluster = await TestCluster.start(plan, { policy, nest });
    const load = { port: cluster.port, path: '/quick', perSecond: 100 };
    const workers = [...cluster.workers];

    const [fresh, kept] = await Promise.all(
      [false, true].map((keepAlive) =>
        underLoad({ ...load, keepAlive }, async () => {
          if (keepAlive) for (const pid of workers) process.kill(pid, 'SIGTERM');
          await new Promise((resolve) => setTimeout(resolve, announceDelayMs / 2));
        }),
      ),
    );

    expect(losses(fresh!)).toEqual({});
    expect(losses(kept!)).toEqual({});
    expect(kept!.retired).toBeGreaterThan(0);
    for (const pid of workers) expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0 });
  });
});

describe.each([
  ['rr', 'express', 12],
  ['rr', 'fastify', 11],
  ['none', 'fastify', 12],
] as const)('workers whose primary disconnects them (%s, %s, Nest %i)', (policy, platform, nest) => {
  it('shut down: they answer what they have accepted, run their hooks and exit', async () => {
    const plan: ApplicationPlan = { platform, options, faults: ['tells-connections'] };
    await using cluster = await TestCluster.start(plan, { policy, nest });
    const one = await held(cluster);
    const other = await heldElsewhere(cluster, one.pid);
    const kept = await RawClient.connect(cluster.port);
    await kept.get('/quick').untilResponses(1);
    const silent = await RawClient.connect(cluster.port);
    await accepted(cluster, silent);

    cluster.primary.send('disconnect');
    await cluster.entered(one.pid, 'drain');
    await cluster.entered(other.pid, 'drain');
    await silent.get('/quick').untilResponses(1);
    await kept.get('/quick').untilResponses(2);

    await Promise.all([one, other].map(({ client }) => client.untilResponses(1)));
    for (const { pid } of [one, other]) {
      expect(await cluster.event(pid, 'worker-exit')).toMatchObject({
        code: 0,
        signal: null,
        exitedAfterDisconnect: true,
      });
      expect(await cluster.reportOf(pid)).toMatchObject({
        status: 'completed',
        reason: { kind: 'signal', message: 'disconnected by the primary process' },
        cuts: [],
      });
    }
    await cluster.primary.event('disconnected');
  });
});

describe.each([
  ['rr', 12],
  ['none', 11],
] as const)('a management port that workers share (%s, Nest %i)', (policy, nest) => {
  it('answers every probe while one of them ends', async () => {
    const management = { port: await freePort() };
    await using cluster = await TestCluster.start({ options: { ...options, management } }, { policy, nest });
    const { client, pid } = await held(cluster);
    const load = { port: management.port, path: '/healthz', perSecond: 150, keepAlive: false };

    const tally = await underLoad(load, async () => {
      process.kill(pid, 'SIGTERM');
      await cluster.event(pid, 'worker-exit');
    });

    expect(losses(tally)).toEqual({});
    expect(client.responses).toMatchObject([{ status: 200 }]);
    expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, signal: null });
    await cluster.stop();
  });
});

describe.each([
  ['rr', 12],
  ['none', 11],
] as const)('a worker that the primary disconnects (%s, Nest %i)', (policy, nest) => {
  it('leaves the port to the others, answers what it has, and exits', async () => {
    await using cluster = await TestCluster.start({ options }, { policy, nest });
    const { client, pid } = await held(cluster);
    const load = { port: cluster.port, path: '/quick', perSecond: 150, keepAlive: false };

    const tally = await underLoad(load, async () => {
      cluster.primary.send(`disconnect ${pid}`);
      await cluster.event(pid, 'worker-exit');
    });

    expect(losses(tally)).toEqual({});
    expect(client.responses).toMatchObject([{ status: 200, body: '{"open":true}' }]);
    expect(await cluster.event(pid, 'worker-exit')).toMatchObject({ code: 0, exitedAfterDisconnect: true });
    expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', cuts: [] });
    await cluster.stop();
  });
});

describe.each([
  ['rr', 12],
  ['none', 11],
] as const)('workers whose primary dies (%s, Nest %i)', (policy, nest) => {
  it.each([
    ['of a signal to the whole group', 'SIGTERM', true],
    ['of a signal to it alone', 'SIGINT', false],
    ['of SIGKILL', 'SIGKILL', false],
  ] as const)('%s: they answer what they have accepted, and exit', async (_how, signal, toAll) => {
    // Sending something to a process that is gone is an error, which nobody else listens to.
    const plan: ApplicationPlan = { options, faults: ['tells-parent'] };
    await using cluster = await TestCluster.start(plan, { policy, nest });
    const one = await held(cluster);
    const other = await heldElsewhere(cluster, one.pid);

    cluster.primary.signal(signal);
    if (toAll) for (const pid of cluster.workers) process.kill(pid, signal);

    expect(await cluster.primary.gone).toMatchObject({ signal });
    await Promise.all([one, other].map(({ client }) => client.untilResponses(1)));
    for (const { client, pid } of [one, other]) {
      expect(client.responses).toMatchObject([{ status: 200, body: '{"open":true}' }]);
      expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', cuts: [] });
    }
    // Its output ends with the last of its workers.
    await cluster.primary.exited;
  });
});

/** The primary of docs/cluster.md, in a folder where its `main.js` is the application of `test/fixtures`. */
async function documentedPrimary(): Promise<{ readonly program: string; readonly folder: string }> {
  const { code } = codeBlocks('docs/cluster.md', 'ts').find((block) => block.code.includes('// cluster.ts'))!;
  const { outputText } = transpileModule(code, {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 },
  });
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'cluster.js'), outputText);
  await writeFile(join(folder, 'main.js'), `import '${pathToFileURL(root).href}dist-test/fixtures/main.js';`);
  return { program: relative(join(root, 'dist-test'), join(folder, 'cluster')), folder };
}

describe('the primary of docs/cluster.md', () => {
  it.each([
    ['SIGTERM', 'it alone'],
    ['SIGINT', 'the whole group'],
  ] as const)(
    'passes on a %s that came to %s, and ends with the last of its workers',
    async (signal, whom) => {
      const { program, folder } = await documentedPrimary();
      const workers = availableParallelism();
      await using cluster = await TestCluster.start({ options }, { primary: program, workers, nest: 12 });
      const { client, pid } = await held(cluster);

      if (whom !== 'it alone') for (const worker of cluster.workers) process.kill(worker, signal);
      cluster.primary.signal(signal);

      expect(await cluster.primary.exited).toMatchObject({ code: 0, signal: null });
      await client.ended;
      expect(client.responses).toMatchObject([{ status: 200, body: '{"open":true}' }]);
      expect(await cluster.reportOf(pid)).toMatchObject({ status: 'completed', reason: { signal } });
      await rm(folder, { recursive: true });
    },
  );

  it('replaces a worker that ends', async () => {
    const { program, folder } = await documentedPrimary();
    await using cluster = await TestCluster.start({}, { primary: program, workers: availableParallelism() });

    process.kill(cluster.workers[0]!, 'SIGKILL');

    expect(await cluster.nextWorker()).not.toBe(cluster.workers[0]);
    cluster.primary.signal('SIGTERM');
    expect(await cluster.primary.exited).toMatchObject({ code: 0, signal: null });
    await rm(folder, { recursive: true });
  });
});
