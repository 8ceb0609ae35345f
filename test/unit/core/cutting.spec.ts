import { afterEach, describe, expect, it } from '@jest/globals';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { cutEach } from '../../../src/core/cutting.js';
import { ShutdownLog } from '../../../src/report/shutdown-log.js';
import { BackgroundTasks } from '../../../src/tasks/background-tasks.js';
import { systemClock } from '../../../src/util/clock.js';
import { OPTIONS } from './coordinator-on-manual-clock.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import type { ShutdownParticipant } from '../../../src/core/participant.js';
import type { ShutdownReport } from '../../../src/core/report.js';

const lines: string[] = [];
let turns = 0;
let isCounting = false;

afterEach(() => {
  isCounting = false;
  lines.length = turns = 0;
});

function setUp(options: Partial<CoordinatorOptions> = {}): PhasedCoordinator {
  const coordinator = new PhasedCoordinator({ ...OPTIONS, drainTimeoutMs: 50, ...options }, systemClock);
  const write = (line: unknown): void => void lines.push(String(line));
  const logger = { log: write, warn: write, error: write };
  coordinator.observe(new ShutdownLog(coordinator, logger, systemClock, { logProgress: false }).observe);
  return coordinator;
}

/** Counts the turns of the event loop from now on. */
function countTurns(): void {
  isCounting = true;
  const next = (): void => {
    if (!isCounting) return;
    turns += 1;
    setImmediate(next);
  };
  setImmediate(next);
}

/** Holds pieces of work that never finish. */
function holder(pieces: number, cutPiece = (_piece: number): void => {}): ShutdownParticipant {
  return {
    name: 'holder',
    inFlight: () => 0,
    drain: (context) =>
      new Promise<void>(() => {
        context.signal.addEventListener('abort', () => {
          countTurns();
          void cutEach(context, {
            pieces: Array.from({ length: pieces }, (_, piece) => piece),
            cut: (piece) => {
              cutPiece(piece);
              context.cut({ kind: 'piece', name: `of kind ${piece % 3}`, ageMs: 0 });
            },
            forget: () => 'piece',
          });
        });
      }),
  };
}

function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** Returns how many cuts a report has by kind and name, those that it does not name one by one included. */
function countsOf({ cuts, moreCuts = [] }: ShutdownReport): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, name, count } of [...cuts.map((cut) => ({ ...cut, count: 1 })), ...moreCuts]) {
    const key = `${kind} ${name}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

describe('cutting many pieces of work', () => {
  it('lets the event loop turn, and is over before release begins', async () => {
    const coordinator = setUp();
    let cut = 0;
    let cutByRelease = 0;
    coordinator.register(
      holder(1_000, () => {
        cut += 1;
        spin(0.2);
      }),
    );
    coordinator.register({ name: 'hook', release: () => void (cutByRelease = cut) });

    const report = await coordinator.shutdown();

    expect(turns).toBeGreaterThan(5);
    expect(cutByRelease).toBe(1_000);
    expect(countsOf(report)).toEqual({
      'piece of kind 0': 334,
      'piece of kind 1': 333,
      'piece of kind 2': 333,
    });
    expect(report.cuts).toHaveLength(100);
    expect(report.moreCuts).toHaveLength(3);
  });

  it('logs the first ten, and one line that sums up the rest', async () => {
    const coordinator = setUp();
    coordinator.register(holder(1_000));

    await coordinator.shutdown();

    const aboutCuts = lines.filter((line) => line.startsWith('cut in drain'));
    expect(aboutCuts).toHaveLength(11);
    expect(aboutCuts.at(-1)).toBe(
      'cut in drain: 990 more (330 piece of kind 1, 330 piece of kind 2, 330 piece of kind 0)',
    );
    expect(lines.find((line) => line.startsWith('shutdown failed'))).toMatch(/; 1000 cut; /);
  });

  it('leaves half of the time that is left to the steps to come, and counts what there is no time to name', async () => {
    const coordinator = setUp({ gracePeriodMs: 600, releaseReserveMs: 400 });
    let hasReleased = false;
    coordinator.register(holder(100_000, () => spin(0.2)));
    coordinator.register({ name: 'hook', release: () => void (hasReleased = true) });

    const report = await coordinator.shutdown();

    expect(hasReleased).toBe(true);
    expect(report.forcedBy).toBeUndefined();
    expect(report.moreCuts?.find(({ name }) => name === undefined)).toMatchObject({
      kind: 'piece',
      phase: 'drain',
    });
    expect(Object.values(countsOf(report)).reduce((sum, count) => sum + count)).toBe(100_000);
    expect(lines.filter((line) => line.startsWith('cut in drain'))).toHaveLength(11);
  });

  it('goes on, and ends, in the tick in which the process exits', async () => {
    const coordinator = setUp();
    coordinator.register(holder(200, () => spin(0.5)));
    const begun = new Promise<void>((resolve) => {
      coordinator.observe(() => resolve(), ['cut']);
    });
    const finished = coordinator.shutdown();
    await begun;

    coordinator.interrupt('the test');

    const report = coordinator.report!;
    expect(Object.values(countsOf(report)).reduce((sum, count) => sum + count)).toBe(200);
    await finished;
  });
});

describe('the end of thousands', () => {
  it('of tasks is reported by name', async () => {
    const coordinator = setUp();
    const logger = { log() {}, warn() {}, error() {} };
    const tasks = new BackgroundTasks({
      clock: systemClock,
      logger,
      signal: coordinator.signal,
      refusal: (name) => new Error(name),
    });
    coordinator.register(tasks.participant);
    for (let task = 0; task < 5_000; task += 1) {
      void tasks.run(task % 2 === 0 ? 'import' : 'export', () => new Promise(() => {}));
    }

    const report = await coordinator.shutdown();

    expect(countsOf(report)).toEqual({ 'task import': 2_500, 'task export': 2_500 });
    expect(report.statistics['background tasks']).toMatchObject({ active: 0, cut: 5_000 });
  });

  it('of names, each different, is reported by kind', async () => {
    const coordinator = setUp();
    coordinator.register({
      name: 'holder',
      drain: ({ cut }) => {
        for (let task = 0; task < 1_000; task += 1) cut({ kind: 'task', name: `import ${task}`, ageMs: 0 });
      },
    });

    const { cuts, moreCuts = [] } = await coordinator.shutdown();

    expect(cuts).toHaveLength(100);
    expect(moreCuts).toHaveLength(101);
    expect(moreCuts.at(-1)).toEqual({ kind: 'task', count: 800, phase: 'drain', participant: 'holder' });
    expect(lines.find((line) => line.includes('more ('))).toMatch(/980 others\)$/);
  });

  it('of participants names those that did not complete, and a line sums them up', async () => {
    const coordinator = setUp({ gracePeriodMs: 1_000, releaseReserveMs: 900 });
    for (let each = 0; each < 2_000; each += 1) {
      const isStuck = each % 4 === 0;
      coordinator.register({
        name: `participant ${each}`,
        drain: () => (isStuck ? new Promise<void>(() => {}) : undefined),
        release: () => {},
      });
    }

    const report = await coordinator.shutdown();

    const { participants, moreParticipants = [] } = report;
    expect(participants).toHaveLength(1_000);
    expect(participants.filter(({ outcome }) => outcome === 'abandoned')).toHaveLength(500);
    const count = moreParticipants.reduce((sum, one) => sum + one.count, participants.length);
    expect(count).toBe(2_000 + 2_000 + 1);
    expect(moreParticipants.map(({ outcome }) => outcome)).not.toContain('abandoned');
    expect(lines.filter((line) => /(was|were) abandoned/.test(line))).toHaveLength(11);
    expect(lines).toContain('490 more participants were abandoned in drain');
  });

  it('of hooks that hang at the deadline names the first hundred as pending', async () => {
    const coordinator = setUp({ gracePeriodMs: 300, releaseReserveMs: 200 });
    for (let each = 0; each < 500; each += 1) {
      coordinator.register({ name: `hook ${each}`, release: () => new Promise<void>(() => {}) });
    }

    const report = await coordinator.shutdown();

    expect(report).toMatchObject({ status: 'forced', morePending: 400 });
    expect(report.pending).toHaveLength(100);
    expect(lines.find((line) => line.startsWith('forced'))).toMatch(/ and 480 more\. /);
  });
});
