import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LoadBalancer } from '../../../../src/rehearsal/load/load-balancer.js';

const balancers: LoadBalancer[] = [];
afterEach(() => {
  for (const balancer of balancers.splice(0)) balancer.close();
});

function balancer(options: { port: number; readinessPath?: string; lagMs?: number }): LoadBalancer {
  const made = new LoadBalancer({ intervalMs: 10, lagMs: 50, ...options });
  balancers.push(made);
  return made;
}

async function instance(statuses: number[]): Promise<{ port: number; probes: string[]; close: () => void }> {
  const probes: string[] = [];
  const server = createServer((request, response) => {
    probes.push(request.url ?? '');
    response.writeHead(statuses.shift() ?? 503).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, probes, close: () => server.close() };
}

describe('LoadBalancer', () => {
  it('polls readiness, and sends no more some time after it saw it fall', async () => {
    const { port, probes, close } = await instance([200, 200, 503]);
    const subject = balancer({ port, readinessPath: '/readyz' });
    expect(subject.outOfRotation.aborted).toBe(false);
    await once(subject.outOfRotation, 'abort');
    close();
    expect(probes).toEqual(['/readyz', '/readyz', '/readyz']);
    // The lag is the promise; a timer may fire a millisecond early.
    expect(performance.now() - (subject.removedAt ?? Infinity)).toBeGreaterThanOrEqual(49);
  });

  it('takes a refused probe for an instance that is not ready', async () => {
    const { port, close } = await instance([]);
    close();
    const subject = balancer({ port, readinessPath: '/readyz' });
    await once(subject.outOfRotation, 'abort');
    expect(subject.removedAt).toBeDefined();
  });

  it('without a readiness path probes nothing, and is told', async () => {
    const { port, probes, close } = await instance([]);
    const subject = balancer({ port, lagMs: 30 });
    subject.remove();
    expect(subject.outOfRotation.aborted).toBe(false);
    await once(subject.outOfRotation, 'abort');
    close();
    expect(probes).toEqual([]);
  });

  it('learns of it once: a second notice does not start the lag again', async () => {
    const subject = balancer({ port: 1 });
    subject.remove();
    const { removedAt } = subject;
    await new Promise((resolve) => setImmediate(resolve));
    subject.remove();
    expect(subject.removedAt).toBe(removedAt);
  });
});
