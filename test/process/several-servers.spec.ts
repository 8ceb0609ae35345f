import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { describe, expect, it } from '@jest/globals';
import { start, type Program } from '../support/process/program.js';
import { clientTls } from '../support/http/tls-with-shared-key.js';
import { announcedForMs } from './announced-for.js';
import type { IncomingMessage } from 'node:http';
import type { ServersPlan } from '../fixtures/several-servers.js';

const startServers = (plan: ServersPlan, nest: 11 | 12, env: Record<string, string> = {}): Program =>
  start('fixtures/several-servers', {
    nest,
    execArgv: ['--enable-source-maps'],
    env: { SERVERS: JSON.stringify(plan), NODE_ENV: 'production', ...env },
  });

const PLATFORMS = [
  ['express', 12],
  ['express', 11],
  ['fastify', 12],
  ['fastify', 11],
] as const;

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

function get(kind: string, port: number, path: string): Promise<Answer> {
  const where = { host: '127.0.0.1', port, path, agent: false as const };
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => {
      let body = '';
      response
        .setEncoding('utf8')
        .on('data', (text: string) => (body += text))
        .on('end', () =>
          resolve({ status: response.statusCode, connection: response.headers.connection, body }),
        )
        .on('error', reject);
    };
    const request =
      kind === 'https' ? getHttps({ ...where, ...clientTls }, onResponse) : getHttp(where, onResponse);
    request.on('error', reject);
  });
}

async function portsOf(program: Program): Promise<Record<string, number>> {
  return (await program.event('listening'))['ports'] as Record<string, number>;
}

describe.each(PLATFORMS)('servers that are made by hand over the adapter: %s, Nest %i', (platform, nest) => {
  const servers = ['http', 'https'] as const;

  it('are drained like the one of Nest, and closed again by the application', async () => {
    await using program = startServers({ platform, servers, options: { announceDelayMs: 0 } }, nest);
    const ports = await portsOf(program);
    const answers: Promise<Answer>[] = [];
    for (const kind of servers) answers.push(get(kind, ports[kind] ?? 0, '/slow'));
    await program.printed(/"request"[^]*"request"/);

    program.signal('SIGTERM');
    await program.event('phase', ({ phase }) => phase === 'drain');
    const late = await Promise.all(servers.map((kind) => get(kind, ports[kind] ?? 0, '/quick')));
    program.signal('SIGWINCH');

    expect(late).toMatchObject(servers.map(() => ({ status: 503 })));
    expect(await Promise.all(answers)).toMatchObject(
      servers.map(() => ({ status: 200, connection: 'close', body: '{"open":true}' })),
    );
    expect(await program.exited).toMatchObject({ code: 0, output: expect.not.stringContaining('WARN') });
    const { report } = await program.event('report');
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
    const names = (report as { participants: { name: string }[] }).participants.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(servers.map((kind) => `HTTP server on port ${String(ports[kind])}`)),
    );
  });

  it('are announced, and fail readiness', async () => {
    const options = { gracePeriodMs: 10_000 };
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    await using program = startServers({ platform, servers: ['http'], options }, nest, env);
    const { http = 0 } = await portsOf(program);

    program.signal('SIGTERM');
    await program.event('announcing');

    expect(await get('http', http, '/readyz')).toMatchObject({ status: 503 });
    expect(await get('http', http, '/quick')).toMatchObject({ status: 200 });
    expect(await announcedForMs(program)).toBeGreaterThanOrEqual(options.gracePeriodMs / 5);
  });
});

describe('a server that nothing shows to be the application', () => {
  it.each([
    ['express', 12],
    ['fastify', 11],
  ] as const)(
    'is warned about once, with its address and what to call: %s, Nest %i',
    async (platform, nest) => {
      const servers = ['hidden', 'front', 'http', 'unreferenced'] as const;
      await using program = startServers({ platform, servers }, nest);
      const ports = await portsOf(program);

      await program.printed(/WARN.*serve\(server\)/);
      program.signal('SIGTERM');

      const { output } = await program.exited;
      const warnings = output.split('\n').filter((line) => line.includes('WARN'));
      expect(warnings).toEqual([expect.stringContaining('app.get(ServerRegistry).serve(server)')]);
      for (const kind of ['hidden', 'front'] as const) {
        expect(warnings[0]).toMatch(
          new RegExp(
            `127\\.0\\.0\\.1:${String(ports[kind])} \\(listen\\(\\) called at .*several-servers\\.ts:`,
          ),
        );
      }
      expect(warnings[0]).not.toContain(`:${String(ports['http'])} `);
      expect(warnings[0]).not.toContain(`:${String(ports['unreferenced'])} `);
    },
  );

  it('is warned about if it speaks another protocol', async () => {
    await using program = startServers({ platform: 'express', servers: ['tcp'] }, 12);
    const { tcp } = await portsOf(program);

    const [line] = await program.printed(/WARN.*/);

    expect(line).toContain(`127.0.0.1:${String(tcp)} `);
  });

  it.each([12, 11] as const)(
    'is the only one that is warned about, beside a transport, the management port and a debugger: Nest %i',
    async (nest) => {
      const options = { management: { port: 0 } };
      const plan = { platform: 'express', servers: ['hidden'], transport: true, options } as const;
      await using program = start('fixtures/several-servers', {
        nest,
        ipc: true,
        execArgv: ['--inspect=0'],
        env: { SERVERS: JSON.stringify(plan), NODE_ENV: 'production' },
      });
      const { hidden } = await portsOf(program);

      const [line] = await program.printed(/WARN.*/);

      expect(line).toContain(`also listens on 127.0.0.1:${String(hidden)} (`);
      expect(line).not.toMatch(/\) and \S+:\d/);
    },
  );

  it.each(PLATFORMS)('is drained when it is handed over: %s, Nest %i', async (platform, nest) => {
    const servers = ['hidden', 'front'] as const;
    const options = { gracePeriodMs: 10_000 };
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    await using program = startServers({ platform, servers, served: true, options }, nest, env);
    const ports = await portsOf(program);
    const answer = get('http', ports['hidden'] ?? 0, '/slow');
    await program.event('request');

    program.signal('SIGTERM');
    await program.event('phase', ({ phase }) => phase === 'drain');
    program.signal('SIGWINCH');

    expect(await answer).toMatchObject({ status: 200, connection: 'close', body: '{"open":true}' });
    expect(await announcedForMs(program)).toBeGreaterThanOrEqual(options.gracePeriodMs / 5);
    const { report } = await program.event('report');
    const names = (report as { participants: { name: string }[] }).participants.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...servers]));
    expect((await program.exited).output).not.toContain('WARN');
  });
});
