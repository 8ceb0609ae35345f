import { describe, expect, it } from '@jest/globals';
import { MISBEHAVIOURS, PLACES, platformFor, versionFor } from './fault-table.js';
import {
  BUDGET,
  PROMISE_MS,
  shutDown,
  SLACK_MS,
  startFaulty,
  startWork,
  WATCHDOG_MARGIN_MS,
} from './faulty-program.js';
import type { Ending, Misbehaviour, Place } from './fault-table.js';
import type { Aftermath } from './faulty-program.js';

const PHASES = ['announce', 'quiesce', 'drain', 'release', 'flush'] as const;
const HOOKS = ['beforeApplicationShutdown', 'onModuleDestroy', 'onApplicationShutdown'] as const;
const WITNESSES = PHASES.map((phase) => `witness in ${phase}`);
/** The exit code of an event loop that is blocked past the deadline. */
const BLOCKED = 70;
const A_NUMBER: unknown = expect.any(Number);
const A_STRING: unknown = expect.any(String);
const HOOK_WITNESSES = HOOKS.flatMap((hook) => [`InnerWitness.${hook}`, `OuterWitness.${hook}`]);

describe('a culprit', () => {
  it.each(MISBEHAVIOURS.map((row) => [row.fault, row] as const))('that %s', async (_fault, row) => {
    const culprits = await Promise.all(PLACES.map((place) => startCulprit(row, place)));
    // Only when all are up: until then they share the processors.
    const aftermaths = await Promise.all(culprits.map((meetItsFate) => meetItsFate()));
    for (const [index, aftermath] of aftermaths.entries()) expectEnding(row, PLACES[index]!, aftermath);
  });
});

type Judged = Aftermath & { readonly answer: number | undefined };

async function startCulprit(row: Misbehaviour, place: Place): Promise<() => Promise<Judged>> {
  const { fault, options } = row;
  const platform = platformFor(row, place);
  const { program, port } = await startFaulty({ platform, fault, place, options }, versionFor(row, place));
  const work = platform === 'context' ? undefined : await startWork(program, port);
  if (fault === 'finds the reader of stdout gone') program.stdout.destroy();
  return async () => ({ ...(await shutDown(program)), answer: work ? await work.answer : 200 });
}

function expectEnding(row: Misbehaviour, place: Place, aftermath: Judged): void {
  const ending = row.ends(place);
  const { code, signal, report, output, tookMs } = aftermath;
  const culprit = report.participants.findLast(({ name }) => name === nameOf(place));
  const waitsForItsTimeout =
    (place === 'announce' || place === 'quiesce') &&
    ending.culprit === 'abandoned' &&
    ending.forcedBy === undefined;

  // The place and the output are there to be seen when it fails.
  expect({ place, output, code, signal, report, culprit }).toMatchObject({
    place,
    output: expect.stringMatching(row.prints ?? ''),
    code: ending.code,
    signal: null,
    report: {
      status: ending.status,
      reason: { kind: 'signal', signal: 'SIGTERM' },
      activeResources: row.leaves === undefined ? {} : { [row.leaves]: A_NUMBER },
      ...(ending.forcedBy !== undefined && { forcedBy: beginning(ending.forcedBy) }),
    },
    culprit: {
      phase: expect.stringMatching(phasesOf(place).join('|')),
      outcome: ending.culprit,
      ...(row.message !== undefined && { error: row.message }),
      ...(ending.culprit !== 'completed' && { registeredAt: A_STRING }),
    },
  });
  expect(report.pending.some(({ name }) => name === nameOf(place))).toBe(ending.forcedBy !== undefined);
  expect(output).not.toMatch(row.printsNot ?? 'MaxListenersExceededWarning');
  // Timers may be early by a millisecond.
  expect(culprit?.durationMs).toBeGreaterThanOrEqual(
    waitsForItsTimeout ? BUDGET.participantTimeoutMs - 1 : 0,
  );
  const promiseMs = ending.code === BLOCKED ? PROMISE_MS + WATCHDOG_MARGIN_MS : PROMISE_MS;
  expect(tookMs).toBeLessThan(BUDGET.gracePeriodMs + promiseMs + SLACK_MS);
  expect(theOthers(aftermath)).toMatchObject(theOthersAreToBe(ending, place));
}

/** What became of whoever does nothing wrong. */
function theOthers({ report, ran, answer }: Judged): object {
  const outcomeOf = (witness: string): string | undefined =>
    report.participants.find(({ name }) => name === witness)?.outcome;
  return {
    answer,
    ran: [...ran].sort(),
    outcomes: Object.fromEntries(
      [...WITNESSES, ...HOOK_WITNESSES].map((witness) => [witness, outcomeOf(witness)]),
    ),
  };
}

function theOthersAreToBe({ forcedBy }: Ending, place: Place): object {
  if (forcedBy === undefined || forcedBy === 'deadline') {
    const all = [...WITNESSES, ...HOOK_WITNESSES];
    return {
      answer: 200,
      ran: [...all].sort(),
      outcomes: Object.fromEntries(all.map((witness) => [witness, 'completed'])),
    };
  }
  // It ends early: what came before was done, what comes after is named as skipped.
  const phases = phasesOf(place).map((phase) => PHASES.indexOf(phase));
  const others = [...WITNESSES.entries()]
    .filter(([index]) => !phases.includes(index))
    .map(([index, witness]) => [witness, index < Math.min(...phases) ? 'completed' : 'skipped'] as const);
  return {
    ...(Math.min(...phases) > PHASES.indexOf('drain') && { answer: 200 }),
    outcomes: Object.fromEntries(others),
  };
}

/** The culprit as the report calls it. */
function nameOf(place: Place): string {
  return HOOKS.some((hook) => hook === place) ? `Culprit.${place}` : `culprit in ${place}`;
}

/** A hook that is called in quiesce may be waited for in drain. */
function phasesOf(place: Place): readonly (typeof PHASES)[number][] {
  if (place === 'beforeApplicationShutdown') return ['quiesce', 'drain'];
  if (place === 'onModuleDestroy' || place === 'onApplicationShutdown') return ['release'];
  return [place];
}

function beginning(text: string): unknown {
  return expect.stringMatching(new RegExp(`^${text.replaceAll(/[().]/g, '\\$&')}`));
}
