import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runningProcesses } from '#rehearsal/target/process-table.js';
import { programCommand, rehearsed, startRehearsal } from '../support/process/rehearsal.js';

const NODE = process.execPath;

/** What a call prints, and how it ends. */
async function ended(flags: string[], command: string[]) {
  await using program = startRehearsal(flags, command);
  return await program.exited;
}

async function expectNoProcess(...pids: number[]): Promise<void> {
  const left = (await runningProcesses()).filter(({ pid }) => pids.includes(pid));
  expect(left).toEqual([]);
}

describe('nestjs-drain rehearse', () => {
  it('asks for a command', async () => {
    expect(await ended([], [])).toMatchObject({
      code: 2,
      output: expect.stringContaining(
        'there is no command: put it after --, as in nestjs-drain rehearse -- node dist/main.js',
      ),
    });
  });

  it('tells everything that is wrong with its flags at once', async () => {
    const flags = [
      '--rate',
      '0',
      '--grace',
      'soon',
      '--signal',
      'TREM',
      '--path',
      'orders',
      '--url',
      'localhost:3000',
    ];
    const { code, output } = await ended([...flags, '--header', 'secret-token'], [NODE]);

    expect(code).toBe(2);
    expect(output).toContain(
      '--url must be a URL such as http://127.0.0.1:3000, and not "localhost:3000"; ' +
        '--header must look like Name: value; ' +
        '--path must be a path that begins with a slash, and not "orders"; ' +
        '--signal must be a signal such as SIGTERM or SIGINT, and not "TREM"; ' +
        '--grace must be a duration such as 500ms, 30s or 2m, and not "soon"; ' +
        '--rate must be a number above 0, and not "0"',
    );
    expect(output).not.toContain('secret-token');
  });

  it('says where a scenario is wrong, and which operations of an OpenAPI document it cannot ask', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
    try {
      const [scenario, openapi] = [join(folder, 'rehearsal.yaml'), join(folder, 'openapi.json')];
      writeFileSync(scenario, 'rate: 5\nrequests:\n  - paht: /orders\n');
      writeFileSync(openapi, '{"paths": {"/orders/{id}": {"get": {}}}}');
      const { code, output } = await ended(['--scenario', scenario, '--openapi', openapi], [NODE]);

      expect(code).toBe(2);
      expect(output).toContain(`${scenario}:3:5: there is no field "paht": did you mean path?`);
      expect(output).toContain(
        `--openapi ${openapi}: no request can be made of it with GET; GET /orders/{id}: a parameter of its path is not described`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each<[what: string, flags: string[], command: string[], sentence: string]>([
    [
      'a command that is not found',
      [],
      ['no-such-command'],
      'there is no command no-such-command: check its spelling, or give its path',
    ],
    [
      'a file that is no program',
      [],
      ['./package.json'],
      './package.json cannot be executed: put its interpreter first, as in node ./package.json',
    ],
    [
      'an application that ends early',
      [],
      [NODE, '-e', 'process.exit(4)'],
      'node ended with exit code 4 before it was ready: what it printed says why',
    ],
    [
      'an application that opens no port',
      ['--ready-timeout', '1s'],
      [NODE, '-e', 'setInterval(() => {}, 1000)'],
      'node was not ready after 1 s: it opened no port. Say where it answers with --url, or allow more time with --ready-timeout',
    ],
    [
      'a readiness route that there is not',
      ['--ready-timeout', '4s', '--ready', '/healthy'],
      [NODE, '-e', `require('node:http').createServer((q, s) => { s.statusCode = 404; s.end(); }).listen(0)`],
      'was not ready after 4 s: GET /healthy was answered with 404. Check the path in --ready, or allow more time with --ready-timeout',
    ],
    [
      'an event stream that there is not',
      ['--stream', '/evnets?token=hunter3'],
      programCommand('fixtures/rehearsed/main'),
      'the event stream GET /evnets could not be opened: it was answered with 404',
    ],
    [
      'a route that fails without any signal',
      ['--path', '/fails'],
      [
        NODE,
        '-e',
        `require('node:http').createServer((q, s) => { s.statusCode = { '/fails': 500, '/readyz': 200 }[q.url] ?? 404; s.end(); }).listen(0)`,
      ],
      'GET /fails was answered with 500 before any signal',
    ],
    [
      'an application that ends under load',
      [],
      [
        NODE,
        '-e',
        `let n = 0; require('node:http').createServer((q, s) => (n += 1) < 20 ? s.end() : process.exit(3)).listen(0)`,
      ],
      'ended with exit code 3 under load, before any signal',
    ],
    [
      'a load that is too light to prove anything',
      ['--rate', '0.5'],
      programCommand('fixtures/rehearsed/main'),
      'no request arrived after the signal, so nothing is proved: send more with --rate, or for longer with --lag',
    ],
    [
      'an application with several ports',
      [],
      [
        NODE,
        '-e',
        `const h = require('node:http'); for (const p of [0, 0]) h.createServer((q, s) => s.end()).listen(p)`,
      ],
      'say which with --url, as in --url http://127.0.0.1:',
    ],
  ])('says what to do about %s', async (_, flags, command, sentence) => {
    const { code, output } = await ended(flags, command);

    expect({ code, output }).toEqual({ code: expect.any(Number), output: expect.stringContaining(sentence) });
    expect(code).toBe(3);
  });

  it('says that a port is taken, by what the application prints or because it is in --url', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const command = [NODE, '-e', `require('node:http').createServer().listen(${port}, '127.0.0.1')`];
    try {
      expect(await ended([], command)).toMatchObject({
        code: 3,
        output: expect.stringContaining(
          'before it was ready, because its port is taken: end the process that has it, or set another port',
        ),
      });
      expect(await ended(['--url', `http://127.0.0.1:${port}`], command)).toMatchObject({
        code: 3,
        output: expect.stringContaining(`something answers at http://127.0.0.1:${port} already: end it,`),
      });
    } finally {
      server.close();
    }
  });

  it('shows what the application prints, and keeps none of it, nor what was secret in flags and arguments', async () => {
    const folder = new URL('../../dist-test/', import.meta.url).pathname;
    const files = ['junit', 'html'].map((format) => [`--${format}`, `${folder}secret.${format}`] as const);
    try {
      const flags = ['--path', '/?token=hunter2', '--header', 'authorization: hunter2', ...files.flat()];
      const { output, report } = await rehearsed(flags, [
        ...programCommand('fixtures/rehearsed/main', 'node:http', 'none'),
        '--password=hunter2',
      ]);

      expect(output).toContain('│ an application with password=hunter2 in its output\n');
      const kept = [JSON.stringify(report), ...files.map(([, file]) => readFileSync(file, 'utf8'))].join(
        '\n',
      );
      expect(kept).toContain('GET /');
      expect(kept).not.toContain('hunter2');
    } finally {
      for (const [, file] of files) rmSync(file, { force: true });
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no process behind on %s', async (signal) => {
    const source = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      require('node:http').createServer((q, s) => s.end()).listen(0, () => console.log('pids', process.pid, child.pid));
      process.on('SIGTERM', () => {});`;
    await using program = startRehearsal(['--duration', '1m'], [NODE, '-e', source]);
    const [, parent, child] = await program.printed(/pids (\d+) (\d+)/);
    await program.printed(/ready at/);

    program.signal(signal);

    expect(await program.exited).toMatchObject({
      code: signal === 'SIGINT' ? 130 : 143,
      output: expect.stringContaining(`interrupted by ${signal}: the application was killed`),
    });
    await expectNoProcess(Number(parent), Number(child));
  });

  it('leaves no process behind when it is interrupted before the application is ready', async () => {
    const source = `console.log('pid', process.pid); setInterval(() => {}, 1000)`;
    await using program = startRehearsal([], [NODE, '-e', source]);
    const [, pid] = await program.printed(/pid (\d+)/);

    program.signal('SIGINT');

    expect(await program.exited).toMatchObject({ code: 130 });
    await expectNoProcess(Number(pid));
  });
});
