import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { nestCommand, rehearsed } from '../support/process/rehearsal.js';
import type { ApplicationPlan } from '../fixtures/plan.js';

const ANNOUNCING = { GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: '1s', NODE_ENV: 'production', PORT: '0' };

describe.each([12, 11] as const)('a rehearsal of an application on Nest %i', (nest) => {
  it.each(['express', 'fastify'] as const)('finds nothing with this package on %s', async (platform) => {
    const plan: ApplicationPlan = { platform, line: 'enable', options: { announceDelayMs: 1_000 } };
    const { code, broken, report, output } = await rehearsed(
      ['--path', '/quick', '--path', '/slow?ms=100'],
      nestCommand(nest, 'fixtures/main'),
      { APPLICATION: JSON.stringify(plan) },
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report).toMatchObject({ lost: 0, requests: ['GET /quick', 'GET /slow'] });
    expect(report.runs[0]).toMatchObject({ readiness: { path: '/readyz', status: 503 } });
  });

  it('names what is lost without an announce delay', async () => {
    const plan: ApplicationPlan = { line: 'enable', options: { announceDelayMs: 0 } };
    const { code, report } = await rehearsed(['--path', '/quick'], nestCommand(nest, 'fixtures/main'), {
      APPLICATION: JSON.stringify(plan),
    });

    expect([11, 12]).toContain(code);
    expect(report.verdicts[1]).toMatchObject({
      state: 'broken',
      change: expect.stringContaining('announceDelayMs'),
    });
  });

  it('names what bare Nest loses, where there is no readiness to watch', async () => {
    const { code, broken, report } = await rehearsed(
      ['--path', '/orders/1', '--path', '/orders/1/quote'],
      nestCommand(nest, 'examples/http-application/without/main'),
      ANNOUNCING,
    );

    expect(code).toBe(11);
    expect(broken).toContain('new-connections');
    expect(report.verdicts.find(({ promise }) => promise === 'readiness')?.state).toBe('unseen');
  });

  it('sees event streams of Nest end cleanly', async () => {
    const { code, broken, report, output } = await rehearsed(
      ['--stream', '/events'],
      nestCommand(nest, 'fixtures/rehearsed/nest-streams'),
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report.runs[0]?.streams).toEqual(
      Array(4).fill({ path: '/events', atMs: expect.any(Number), isClean: true, how: 'ended' }),
    );
  });

  it('sees WebSockets of Nest closed with a close frame', async () => {
    const { code, broken, output } = await rehearsed(
      ['--path', '/none', '--websocket', '/chat'],
      nestCommand(nest, 'examples/chat/main'),
      { ...ANNOUNCING, ADAPTER: 'ws' },
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(output).toContain('GET /none was answered with 404, which counts as its answer');
  });
});

describe('a rehearsal by a scenario', () => {
  it('sends bodies and uploads, reads slowly, and counts by name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rehearsal-scenario-'));
    try {
      const scenario = join(folder, 'rehearsal.yaml');
      const requests = [
        { path: '/', weight: 2 },
        { path: '/?sku=secret', body: { sku: 'a' }, expect: 200 },
        { path: '/', method: 'PUT', upload: 100_000, slow: '200ms' },
        { path: '/', method: 'DELETE', slow: '100ms' },
        { path: '/none' },
      ];
      await writeFile(
        scenario,
        JSON.stringify({ rate: 60, requests, streams: ['/events'], webSockets: ['/ws'] }),
      );
      const { code, broken, report, output } = await rehearsed(
        ['--scenario', scenario],
        nestCommand(12, 'fixtures/rehearsed/main'),
      );

      expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
      expect(report.requests).toEqual(['GET /', 'POST /', 'PUT /', 'DELETE /', 'GET /none']);
      expect(report.runs[0]).toMatchObject({ streams: Array(4).fill({ isClean: true }) });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the page of a rehearsal', () => {
  it('shows the report that the application wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rehearsal-page-'));
    try {
      const [page, file] = [join(folder, 'page.html'), join(folder, 'shutdown.json')];
      const plan: ApplicationPlan = { line: 'enable', options: { announceDelayMs: 1_000, report: { file } } };
      await rehearsed(
        ['--path', '/quick', '--html', page, '--report', file],
        nestCommand(12, 'fixtures/main'),
        { APPLICATION: JSON.stringify(plan) },
      );

      const html = await readFile(page, 'utf8');
      expect(html).toContain('aria-label="Requests by their ends, over time"');
      expect(html).toContain('After SIGTERM, the application shut down in');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a rehearsal of several restarts', () => {
  it('gives the loss per million with its upper bound, and how many restarts broke a promise', async () => {
    const { report, output } = await rehearsed(
      ['--restarts', '2', '--duration', '200ms'],
      nestCommand(12, 'fixtures/rehearsed/main'),
    );

    expect(report.runs).toHaveLength(2);
    expect(report.lost).toBe(0);
    expect(output).toContain(
      `Lost 0 of ${report.sent} requests over 2 restarts: 0 per million, at most ${Math.ceil((2.99574 / report.sent) * 1_000_000)} at 95 % confidence.`,
    );
  });
});
