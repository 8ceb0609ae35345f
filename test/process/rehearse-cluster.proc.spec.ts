import { describe, expect, it } from '@jest/globals';
import {
  expectNothingLeftOnCtrlC,
  nestCommand,
  programCommand,
  rehearsed,
  startRehearsal,
} from '../support/process/rehearsal.js';
import type { ApplicationPlan } from '../fixtures/plan.js';

const CLUSTER = ['--cluster', '--timeout', '20s'];
const NODE = process.execPath;

function clusterCommand(fault = 'none'): string[] {
  return programCommand('fixtures/rehearsed/cluster', 'rehearsed/worker', fault);
}

/** What a call prints, and how it ends. */
async function ended(flags: string[], command: string[]) {
  await using program = startRehearsal(flags, command);
  return await program.exited;
}

describe.each([
  [12, 'express'],
  [11, 'fastify'],
] as const)('a rehearsal of a cluster on Nest %i', (nest, platform) => {
  it(`finds nothing with this package on ${platform}`, async () => {
    const plan: ApplicationPlan = { platform, line: 'enable', options: { announceDelayMs: 3_000 } };
    const [node = '', ...rest] = nestCommand(nest, 'fixtures/rehearsed/cluster');
    const { code, broken, report, output } = await rehearsed(
      [...CLUSTER, '--ready-timeout', '3m', '--path', '/quick', '--path', '/slow?ms=100'],
      [node, ...rest, 'main'],
      { APPLICATION: JSON.stringify(plan), NODE_ENV: 'production' },
    );

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report).toMatchObject({ lost: 0, cluster: { replacedBy: 'SIGTERM to each worker' } });
    const replaced = {
      pid: expect.any(Number),
      exit: { code: 0, isKilled: false },
      replacedMs: expect.any(Number),
    };
    expect(report.runs).toMatchObject([
      { workers: [replaced], leftBehind: [] },
      { workers: [replaced], leftBehind: [] },
      { exit: { code: 0 }, readiness: { path: '/readyz', status: 503 } },
    ]);
    expect(report.runs[2]).not.toHaveProperty('workers');
  });
});

describe('a rehearsal of a cluster', () => {
  it.each<[policy: string, flags: string[], workers: string, runs: number]>([
    ['rr', [], '2', 3],
    ['none', [], '2', 3],
    ['rr', ['--reload', 'SIGUSR2'], '1', 2],
  ])('finds nothing where nothing is wrong (%s, %j)', async (policy, flags, workers, runs) => {
    const { code, broken, report, output } = await rehearsed([...CLUSTER, ...flags], clusterCommand(), {
      NODE_CLUSTER_SCHED_POLICY: policy,
      WORKERS: workers,
    });

    expect({ code, broken, output }).toEqual({ code: 0, broken: [], output });
    expect(report.runs).toHaveLength(runs);
  });

  it.each<[fault: string, promises: string[], exitCode: number, evidence: RegExp, flags?: string[]]>([
    [
      'ends with the wrong code',
      ['exit-code'],
      20,
      /in 3 of 3 restarts\nworker \d+: exit code 7 after SIGTERM/,
    ],
    [
      'forks no other',
      ['replaced'],
      22,
      /worker \d+ ended, and no replacement was listening after 8000 ms/,
      ['--ready-timeout', '8s'],
    ],
  ])('finds one that %s', async (fault, promises, exitCode, evidence, flags = []) => {
    const { code, broken, report, output } = await rehearsed([...CLUSTER, ...flags], clusterCommand(fault));

    expect({ code, broken, output }).toEqual({ code: exitCode, broken: promises, output });
    const verdict = report.verdicts.find(({ promise }) => promise === promises[0]);
    expect(verdict?.evidence.join('\n')).toMatch(evidence);
    expect(output).toContain(`to fix it: ${verdict?.change}`);
  });

  it('finds one whose workers never end', async () => {
    const { broken, report, output } = await rehearsed(
      [...CLUSTER, '--grace', '3s'],
      clusterCommand('never ends'),
    );

    expect(broken).toContain('exit-time');
    const verdict = report.verdicts.find(({ promise }) => promise === 'exit-time');
    expect(verdict?.evidence.join('\n')).toMatch(
      /in 3 of 3 restarts\nworker \d+ was still running 3000 ms after SIGTERM, then killed/,
    );
    expect(output).toContain(`to fix it: ${verdict?.change}`);
  });

  it('finds one whose workers end without their answers', async () => {
    const { code, broken, report } = await rehearsed(
      [...CLUSTER, '--timeout', '5s'],
      clusterCommand('ends at once'),
    );

    expect([11, 12]).toContain(code);
    expect(broken.some((promise) => ['new-connections', 'kept-alive'].includes(promise))).toBe(true);
    expect(report.runs[0]!.workers).toMatchObject([{ exit: { code: null, signal: 'SIGTERM' } }]);
  });

  it('finds that the only worker leaves nobody on the port, and says what to do', async () => {
    const { code, broken, output } = await rehearsed([...CLUSTER, '--timeout', '5s'], clusterCommand(), {
      WORKERS: '1',
    });

    expect(code).toBe(11);
    expect(broken).toContain('new-connections');
    expect(output).toContain('start a new worker before this one closes the port');
  });

  it('judges what it saw where no worker is left', async () => {
    const flags = [...CLUSTER, '--ready-timeout', '8s'];
    const { broken, report } = await rehearsed(flags, clusterCommand('forks no other'), { WORKERS: '1' });

    expect(broken).toEqual(expect.arrayContaining(['new-connections', 'replaced']));
    expect(report.verdicts.find(({ promise }) => promise === 'orphans')).toMatchObject({
      state: 'unseen',
      evidence: ['no worker was left, so the end of the primary process was not rehearsed'],
    });
  });

  it('finds a signal for which the primary process does nothing', async () => {
    const flags = [...CLUSTER, '--reload', 'SIGWINCH', '--ready-timeout', '8s', '--grace', '3s'];
    const { broken, report } = await rehearsed(flags, clusterCommand(), { WORKERS: '1' });

    expect(broken).toContain('replaced');
    expect(report.cluster).toEqual({ replacedBy: 'SIGWINCH to the primary process' });
    expect(report.verdicts.at(-1)?.evidence).toEqual([
      expect.stringMatching(
        /^worker \d+ was neither ended nor replaced after SIGWINCH to the primary process$/,
      ),
    ]);
  });

  it.each<[what: string, flags: string[], command: string[], sentence: string]>([
    [
      'an application without workers',
      ['--ready-timeout', '8s'],
      [NODE, '-e', `require('node:http').createServer((q, s) => s.end()).listen(0)`],
      'node had no worker of node:cluster after 8 s: leave --cluster out if it has none',
    ],
    [
      'a primary process that ends with a worker',
      [],
      clusterCommand('ends with a worker'),
      'ended with exit code 1 while its workers were restarted: a primary process has to outlive them',
    ],
    [
      'a command that fails',
      ['--reload', 'exit 4'],
      clusterCommand(),
      'the command that replaces the workers ended with exit code 4: what it printed says why',
    ],
  ])('says what to do about %s', async (_, flags, command, sentence) => {
    const { code, output } = await ended([...CLUSTER, ...flags], command);

    expect({ code, output }).toEqual({ code: 3, output: expect.stringContaining(sentence) });
  });

  it('tells what is wrong with its flags', async () => {
    expect(await ended(['--reload', 'SIGUSR2'], [NODE])).toMatchObject({
      code: 2,
      output: expect.stringContaining('--reload is for a cluster: add --cluster'),
    });
    const flags = ['--cluster', '--fleet', '2', '--reload', 'SIGHPU'];
    const { code, output } = await ended(flags, ['npx', 'pm2', 'start', 'dist/main.js']);
    expect(code).toBe(2);
    expect(output).toContain(
      '--cluster and --fleet exclude each other: workers share a port, instances of a fleet have one each; ' +
        'pm2 ends when its daemon runs, so that there is nothing to watch: start pm2-runtime in its place, or add --no-daemon; ' +
        '--reload must be a signal such as SIGTERM or SIGINT, and not "SIGHPU"',
    );
  });

  it('leaves no process behind on Ctrl-C', async () => {
    await using program = startRehearsal([...CLUSTER, '--duration', '1m'], clusterCommand());
    await program.printed(/2 workers share the port/);
    await expectNothingLeftOnCtrlC(program, 3);
  });
});
