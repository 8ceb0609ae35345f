import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LoadBalancer } from '../../../../src/rehearsal/load/load-balancer.js';

const balancers: LoadBalancer[] = [];
afterEach(() => {
  for (const balancer of balancers.splice(0)) balancer.close();
});

function balancer({ port, lagMs = 50 }: { port?: number; lagMs?: number }): LoadBalancer {
  const readiness = port === undefined ? {} : { readiness: new URL(`http://127.0.0.1:${port}/readyz`) };
  const made = new LoadBalancer({ intervalMs: 10, lagMs, ...readiness });
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
    const subject = balancer({ port });
    expect(subject.outOfRotation.aborted).toBe(false);
    await once(subject.outOfRotation, 'abort');
    close();
    expect(probes).toEqual(['/readyz', '/readyz', '/readyz']);
    // The lag is the promise; a timer may fire a millisecond early.
    expect(performance.now() - (subject.removedAt ?? Infinity)).toBeGreaterThanOrEqual(49);
    expect(subject.fall).toEqual({ at: expect.any(Number), status: 503 });
  });

  it('takes a refused probe for an instance that is not ready', async () => {
    const { port, close } = await instance([]);
    close();
    const subject = balancer({ port });
    await once(subject.outOfRotation, 'abort');
    expect(subject.fall).toEqual({ at: expect.any(Number) });
  });

  it('without a readiness path probes nothing, and is told', async () => {
    const subject = balancer({ lagMs: 30 });
    subject.remove();
    expect(subject.outOfRotation.aborted).toBe(false);
    await once(subject.outOfRotation, 'abort');
    expect(subject.fall).toBeUndefined();
  });

  it('learns of it once: a second notice does not start the lag again', async () => {
    const subject = balancer({});
    subject.remove();
    const { removedAt } = subject;
    await new Promise((resolve) => setImmediate(resolve));
    subject.remove();
    expect(subject.removedAt).toBe(removedAt);
  });
});
