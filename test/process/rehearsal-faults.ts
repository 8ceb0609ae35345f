import { expect, it } from '@jest/globals';
import { runningProcesses } from '#rehearsal/target/process-table.js';
import type { Platform } from '../fixtures/rehearsed/servers.js';
import { programCommand, rehearsed } from '../support/process/rehearsal.js';

const STREAMS = ['--stream', '/events', '--websocket', '/ws'];

/** Tests that a rehearsal names every fault of an application on a platform, and finds none where there is none. */
export function testFaultsOn(platform: Platform): void {
  it('finds nothing where nothing is wrong', async () => {
    const { code, report, broken, output } = await rehearsed(
      STREAMS,
      programCommand('fixtures/rehearsed/main', platform),
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report).toMatchObject({ lost: 0, exitCode: 0 });
    expect(report.verdicts.filter(({ state }) => state === 'unseen')).toEqual([]);
    expect(report.runs[0]!.after.sent).toBeGreaterThan(0);
  });

  it.each<[fault: string, promise: string, exitCode: number, evidence: RegExp, flags?: string[]]>([
    ['resets', 'kept-alive', 12, /GET \/ on a kept-alive connection, sent at \d+ ms: reset-reused at \d+ ms/],
    ['truncates', 'complete', 13, /: truncated, 200 at \d+ ms/],
    ['answers 500', 'errors', 14, /: server-error, 500 by the application at \d+ ms/],
    ['falls silent', 'answers', 15, /: timed-out at \d+ ms/, ['--timeout', '400ms']],
    [
      'loses an event stream',
      'streams',
      16,
      /4 of 4 did not\nGET \/events: its connection was cut in the middle/,
    ],
    [
      'cuts a WebSocket',
      'websockets',
      17,
      /4 of 4 did not\nGET \/ws: its connection was cut without a close frame/,
    ],
    ['hangs', 'exit-time', 19, /still running 2000 ms after SIGTERM, then killed/, ['--grace', '2s']],
    ['ends with the wrong code', 'exit-code', 20, /exit code 7 after SIGTERM/],
    ['leaves a child', 'orphans', 21, /process \d+ \(node\) was still running/],
    ['leaves a detached child', 'orphans', 21, /process \d+ \(node\) was still running/],
  ])('finds one that %s', async (fault, promise, exitCode, evidence, flags = []) => {
    const { code, report, broken, output } = await rehearsed(
      [...STREAMS, ...flags],
      programCommand('fixtures/rehearsed/main', platform, fault),
    );

    expect({ code, broken, output }).toEqual({ code: exitCode, broken: [promise], output });
    const verdict = report.verdicts.find((candidate) => candidate.promise === promise);
    expect(verdict?.evidence.join('\n')).toMatch(evidence);
    expect(output).toContain(`to fix it: ${verdict?.change}`);
    const leftBehind = report.runs[0]!.leftBehind.map(({ pid }) => pid);
    expect((await runningProcesses()).filter(({ pid }) => leftBehind.includes(pid))).toEqual([]);
  });

  it('finds one that closes too early', async () => {
    const { code, broken, report, output } = await rehearsed(
      [],
      programCommand('fixtures/rehearsed/main', platform, 'closes too early'),
    );

    expect(output).toContain('asks / only: say with --path, --scenario or --openapi what your clients ask');
    expect([code, broken]).toEqual([11, expect.arrayContaining(['new-connections'])]);
    expect(report.verdicts[1]!.evidence.join('\n')).toMatch(
      /GET \/ on a (new|kept-alive) connection, sent at \d+ ms: refused/,
    );
  });

  it('finds one that refuses before readiness falls', async () => {
    const { broken, report } = await rehearsed(
      [],
      programCommand('fixtures/rehearsed/main', platform, 'refuses before readiness falls'),
    );

    expect(broken).toEqual(expect.arrayContaining(['new-connections', 'readiness']));
    expect(report.verdicts.find(({ promise }) => promise === 'readiness')?.evidence).toEqual([
      expect.stringMatching(
        /^GET \/readyz was answered with 2xx until it was refused at \d+ ms, the first refusal at/,
      ),
    ]);
  });
}
