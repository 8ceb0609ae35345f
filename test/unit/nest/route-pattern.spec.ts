import { describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { routePatternOf } from '../../../src/nest/integrations/route-pattern.js';
import { ProbeCheck } from '../../../src/util/probe.js';
import type { IncomingMessage } from 'node:http';

const ROUTES = [
  '/plain',
  '/reset/:token',
  '/a/:x/b/:y',
  '/range/:from-:to',
  '/id/:id(^\\d+)',
  '/files/*',
  '/o/:x',
];

async function patternOf(path: string): Promise<string | undefined> {
  const adapter = new FastifyAdapter();
  for (const route of ROUTES) adapter.getInstance().get(route, () => 'ok');
  await adapter.getInstance().ready();
  const probes = new ProbeCheck({ warn: () => {}, versionOf: () => undefined });
  const pattern = routePatternOf(adapter, probes)({ method: 'GET' } as IncomingMessage, path);
  await adapter.getInstance().close();
  return pattern;
}

describe('the pattern of a Fastify route', () => {
  it.each([
    ['/plain', undefined],
    ['/reset/secret', '/reset/:token'],
    ['/reset/sec%2Fret', '/reset/:token'],
    ['/reset/sec%20ret', '/reset/:token'],
    ['/reset/%E2%82%AC', '/reset/:token'],
    ['/a/1/b/1', '/a/:x/b/:y'],
    ['/o/o', '/o/:x'],
    ['/files/a/secret', '/files/*'],
    ['/files/a%2Fsecret', '/files/*'],
    ['/files/', '/files/*'],
  ])('of %s is %s', async (path, pattern) => {
    expect(await patternOf(path)).toBe(pattern);
  });

  it.each(['/range/secret-other', '/id/4711'])(
    'has no value where it cannot be confirmed: %s',
    async (path) => {
      expect(await patternOf(path)).toMatch(/^\/(range|id)\/(:…|:id)$/);
    },
  );

  it.each(['/reset/%E0%A4%A', '/reset/%', '/files/%C3%28'])(
    'is no reason to fail for what does not decode: %s',
    async (path) => {
      expect([undefined, '/reset/:token', '/files/*']).toContain(await patternOf(path));
    },
  );
});
