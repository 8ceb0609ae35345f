import { expect, it } from '@jest/globals';
import type { FleetPlan } from '#rehearsal/plan.js';
import {
  descendantsOf,
  expectNothingLeftOnCtrlC,
  nestCommand,
  programCommand,
  rehearsed,
  startRehearsal,
} from '../support/process/rehearsal.js';
import { runningProcesses } from '#rehearsal/target/process-table.js';

/** Above the lag. */
const ANNOUNCING = { GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: '1s', NODE_ENV: 'production' };

/** Answers after 400 ms, and ends at once on SIGTERM. */
const UNGRACEFUL = `
  require('node:http').createServer((request, response) => {
    if (request.method === 'GET') response.end();
    else setTimeout(() => response.end(), 400);
  }).listen(process.env.PORT);`;

/** Fails while it serves on: its 500 are its own, whatever balancers put into the header Server. */
const FAILING = `
  let status = 200;
  const server = require('node:http').createServer((request, response) => response.writeHead(status).end());
  server.listen(process.env.PORT);
  process.on('SIGTERM', () => { status = 500; setTimeout(() => process.exit(0), 1000); });`;

/** Tests rolling restarts behind a balancer, which calls itself `own` where it answers. */
export function testFleetBehind(balancer: FleetPlan['balancer'], own: string): void {
  const fleet = ['--fleet', '2', '--balancer', balancer];

  it('finds nothing where nothing is wrong, event streams and WebSockets included', async () => {
    const { code, report, broken, output } = await rehearsed(
      [...fleet, '--stream', '/events', '--websocket', '/ws'],
      programCommand('fixtures/rehearsed/main', 'node:http', 'none'),
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report).toMatchObject({ lost: 0, fleet: { size: 2, balancer } });
    expect(report.verdicts.filter(({ state }) => state === 'unseen')).toEqual([]);
    expect(report.runs).toHaveLength(2);
    for (const { after, streams } of report.runs) {
      expect(after.sent).toBeGreaterThan(0);
      expect(streams.length).toBeGreaterThan(0);
    }
  });

  it.each([12, 11] as const)('finds nothing with this package on Nest %i', async (nest) => {
    const { code, report, broken, output } = await rehearsed(
      [...fleet, '--path', '/orders/1', '--path', '/orders/1/quote', '--path', '/orders/1/invoice'],
      nestCommand(nest, 'examples/http-application/main'),
      ANNOUNCING,
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report.lost).toBe(0);
  });

  it('finds one that ends without its answers, and says that the balancer answered with an error', async () => {
    const { code, broken, report } = await rehearsed(
      [...fleet, '--method', 'POST'],
      [process.execPath, '-e', UNGRACEFUL],
    );

    // HAProxy closes the connection of its client where a connection of its own that it used again was reset.
    expect([12, 14]).toContain(code);
    expect(broken).toContain('errors');
    const errors = report.runs.flatMap(({ lossesAfter }) => lossesAfter).filter(({ status }) => status);
    expect(new Set(errors.map(({ answeredBy }) => answeredBy))).toEqual(new Set([own]));
    expect(report.lostPerMillion).toBeGreaterThan(0);
  });

  it('tells errors of the application from those of the balancer', async () => {
    const { broken, report } = await rehearsed(fleet, [process.execPath, '-e', FAILING]);

    expect(broken).toContain('errors');
    expect(report.runs[0]!.lossesAfter[0]).toMatchObject({ status: 500, answeredBy: 'the application' });
  });

  it('leaves no process behind on Ctrl-C', async () => {
    await using program = startRehearsal(
      [...fleet, '--duration', '1m'],
      programCommand('fixtures/rehearsed/main', 'node:http', 'none'),
    );
    await program.printed(/instances are ready, behind/);
    await program.printed(/answered [1-9]/);
    await expectNothingLeftOnCtrlC(program, balancer === 'builtin' ? 2 : 3);
  });
}

/** Tests a balancer that is a process of its own, and ends in the middle of a restart. */
export function testBalancerThatEnds(balancer: 'haproxy' | 'nginx'): void {
  it('says that its balancer has ended, and leaves no process behind', async () => {
    await using program = startRehearsal(
      ['--fleet', '2', '--balancer', balancer, '--lag', '1s'],
      programCommand('fixtures/rehearsed/main', 'node:http', 'hangs'),
    );
    await program.printed(/SIGTERM to process/);
    const children = await descendantsOf(program.pid!);
    const running = await runningProcesses();
    const own = running.find(({ pid, parent, name }) => {
      return children.includes(pid) && parent === program.pid && name.includes(balancer);
    });

    process.kill(own!.pid, 'SIGKILL');

    const { code, output } = await program.exited;
    expect(code).toBe(3);
    expect(output).toContain(`nestjs-drain: ${balancer} ended with SIGKILL: `);
    expect((await runningProcesses()).filter(({ pid }) => children.includes(pid))).toEqual([]);
  });
}
