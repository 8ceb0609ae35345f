import { describe, expect, it } from '@jest/globals';
import { programCommand, rehearsed, startRehearsal } from '../support/process/rehearsal.js';
import { testFleetBehind } from './rehearsed-fleets.js';

describe('a rehearsal of several instances behind the built-in balancer', () => {
  testFleetBehind('builtin', 'the built-in balancer');

  it('restarts each instance as often as asked, and tells how many lost something', async () => {
    const source = `
      const { createServer } = require('node:http');
      createServer((request, response) => setTimeout(() => response.end(), 100)).listen(process.env.PORT);`;
    const { report, output } = await rehearsed(
      ['--fleet', '2', '--restarts', '2', '--rate', '80'],
      [process.execPath, '-e', source],
    );

    expect(report.runs).toHaveLength(4);
    expect(output).toContain(`Lost ${report.lost} of ${report.sent} requests over 4 restarts:`);
    expect(output).toContain('in 4 of 4 restarts');
  });

  it('keeps nothing of the instances that have ended', async () => {
    const { report, output } = await rehearsed(
      ['--fleet', '2', '--restarts', '6', '--duration', '100ms', '--lag', '100ms'],
      programCommand('fixtures/rehearsed/main', 'node:http', 'none'),
    );

    expect(report.runs).toHaveLength(12);
    // Node's word for listeners that pile up.
    expect(output).not.toContain('MaxListenersExceededWarning');
  });

  it('sends on to an instance that has closed its port, and lets the next one answer', async () => {
    const { broken, report } = await rehearsed(
      ['--fleet', '2'],
      programCommand('fixtures/rehearsed/main', 'node:http', 'closes too early'),
    );

    // Clients see nothing of what is tried again; what is not, an instance without such a balancer would lose.
    expect(broken).toContain('readiness');
    expect(report.runs[0]!.readiness).toMatchObject({ fellMs: expect.any(Number) });
  });
});

/** What a call prints, and how it ends. */
async function ended(flags: string[], source: string, env?: Record<string, string>) {
  await using program = startRehearsal(flags, [process.execPath, '-e', source], env);
  return await program.exited;
}

const SERVING = `require('node:http').createServer((q, s) => s.end()).listen(process.env.PORT)`;

describe('nestjs-drain rehearse --fleet', () => {
  it('tells everything that is wrong with its flags at once', async () => {
    const flags = ['--fleet', '0', '--balancer', 'envoy', '--port-variable', 'A PORT'];
    const urls = ['--url', 'http://127.0.0.1:3000', '--ready', 'http://127.0.0.1:3000/readyz'];
    const { code, output } = await ended([...flags, ...urls], SERVING);

    expect(code).toBe(2);
    expect(output).toContain(
      '--url has no meaning with --fleet, which gives each instance a port; ' +
        '--ready must be a path with --fleet, because each instance has a port of its own; ' +
        '--fleet must be a whole number above 0, and not "0"; ' +
        '--balancer must be one of builtin, haproxy, nginx, and not "envoy"; ' +
        '--port-variable must be the name of an environment variable such as PORT, and not "A PORT"',
    );
  });

  it('asks for a fleet where there is a balancer', async () => {
    expect(await ended(['--balancer', 'haproxy'], SERVING)).toMatchObject({
      code: 2,
      output: expect.stringContaining('--balancer is for a fleet: add --fleet 3'),
    });
  });

  it.each(['haproxy', 'nginx'])('says what to install where there is no %s', async (balancer) => {
    expect(
      await ended(['--fleet', '1', '--balancer', balancer], SERVING, { PATH: '/nowhere' }),
    ).toMatchObject({
      code: 3,
      output: expect.stringContaining(
        `nestjs-drain: there is no ${balancer} on this machine: install it, on Debian and Ubuntu with apt-get install ${balancer}, or take --balancer builtin`,
      ),
    });
  });

  it('says that instances must listen on the port that they are given', async () => {
    const flags = ['--fleet', '1', '--ready-timeout', '1s', '--port-variable', 'HTTP_PORT'];
    expect(await ended(flags, `require('node:http').createServer().listen(0)`)).toMatchObject({
      code: 3,
      output: expect.stringContaining(
        'was not ready after 1 s: GET /readyz was not answered. Let it listen on the port that the variable HTTP_PORT has, or name another variable with --port-variable,',
      ),
    });
  });
});
