import { HOOKS, type Behaviour, type Method } from './plan.js';
import { at, evidenceOf, isOverdue, ms, type Evidence, type Invariant } from './evidence.js';
import { REQUEST_INVARIANTS } from './request-invariants.js';
import type { ShutdownPhase, ShutdownReport } from 'nestjs-drain';
import type { ProgramEvent } from '../support/process/program.js';
import type { Observation } from './run.js';

const PHASES: readonly ShutdownPhase[] = ['announce', 'quiesce', 'drain', 'release', 'flush'];

/** What is promised: never later than the deadline and this. */
const EXIT_MARGIN_MS = 250;
/** What the watchdog leaves to a blocked event loop, beside that. */
const WATCHDOG_MARGIN_MS = 250;
/** Clocks are read one after the other. */
const ROUNDING_MS = 0.5;
/** Timers that are due together fire one after the other. */
const TIMERS_MS = 25;

/** Everything that a run shows to be otherwise than it must be. */
export function violationsOf(observation: Observation): string[] {
  const { exit, wasKilled, events } = observation;
  const violations: string[] = [];
  if (wasKilled) violations.push('it did not exit, and was killed');
  if (/^Node\.js v\d/m.test(exit.output)) violations.push('it crashed');
  // DEP0205 is about what gives the application its Nest 11.
  const warning = /^\(node:\d+\) (?!\[DEP0205\]).*/m.exec(exit.output);
  if (warning) violations.push(`Node warns: ${warning[0]}`);
  const reports = events.filter(({ event }) => event === 'report');
  if (reports.length !== 1) return [...violations, `there are ${reports.length} reports`];
  const evidence = evidenceOf(observation);
  for (const [name, invariant] of Object.entries(INVARIANTS)) {
    for (const what of invariant(evidence)) violations.push(`${name}: ${what}`);
  }
  return violations;
}

const INVARIANTS: Readonly<Record<string, Invariant>> = {
  ...REQUEST_INVARIANTS,

  *'exits in time'({ plan, exit, terminatingAt, wasKilled, ...evidence }) {
    if (endedByItself(evidence)) return;
    const mostMs =
      plan.options.gracePeriodMs + EXIT_MARGIN_MS + (evidence.isBlocked ? WATCHDOG_MARGIN_MS : 0);
    if (!wasKilled && isOverdue(exit.at, terminatingAt + mostMs, evidence))
      yield `after ${ms(exit.at - terminatingAt)}, and ${ms(mostMs)} are the most`;
  },

  *'exit code'(evidence) {
    const { exit } = evidence;
    const got = exit.signal ?? exit.code;
    const allowed = allowedExits(evidence);
    if (!allowed.includes(got)) yield `${got}, and not ${allowed.join(' or ')}`;
  },

  *'report is plain data of version 1'({ events, report, isBlocked, isBlockedForced }) {
    if (report.version !== 2) yield `its version is ${String(report.version)}`;
    if (events.find(({ event }) => event === 'report')?.['isPlain'] !== true)
      yield 'it does not survive JSON';
    const possible = isBlockedForced
      ? ['forced']
      : isBlocked
        ? ['interrupted']
        : ['completed', 'failed', 'forced'];
    if (!possible.includes(report.status)) yield `its status is ${report.status}`;
  },

  *'phases in order'({ report }) {
    const { phases, status } = report;
    const names = phases.map(({ phase }) => phase);
    if (names.some((name, index) => name !== PHASES[index])) yield names.join(', ');
    if (status !== 'forced' && status !== 'interrupted' && names.length !== PHASES.length)
      yield `only ${names.join(', ')}`;
    for (const [index, { phase, startedMs }] of phases.entries()) {
      const before = phases[index - 1];
      if (before && before.startedMs + before.durationMs > startedMs + ROUNDING_MS)
        yield `${phase} began during ${before.phase}`;
    }
  },

  *'participants within their phase'({ plan, report }) {
    const isNestOvertaken = report.participants.some(
      ({ name, overtakenMs }) => name === 'nest' && overtakenMs !== undefined,
    );
    for (const { name, phase, outcome, startedMs, durationMs, overtakenMs } of report.participants) {
      if (outcome === 'skipped') continue;
      // Whoever has work in flight when it is forced is asked to drain, to cut it.
      if (report.forcedBy !== undefined && phase === 'drain' && outcome === 'abandoned') continue;
      const within = report.phases.find((candidate) => candidate.phase === phase);
      // What was overtaken goes on behind its phase.
      const untilMs = overtakenMs ?? startedMs + durationMs;
      // The rest of its hooks may run when everything else is over.
      const isBehind =
        phase === 'flush' && isNestOvertaken && plan.participants.every((each) => each.name !== name);
      if (!within) yield `${name} in ${phase}, which was not entered`;
      else if (
        startedMs + ROUNDING_MS < within.startedMs ||
        (untilMs > within.startedMs + within.durationMs + TIMERS_MS && !isBehind)
      )
        yield `${name} in ${phase} from ${ms(startedMs)} for ${ms(durationMs)}`;
    }
  },

  *'nobody is given up in release or flush while time is left'({ plan, report }) {
    const limited = plan.participants.filter(({ timeoutMs }) => timeoutMs !== undefined);
    for (const { name, phase, cause } of report.participants) {
      const isLimited = limited.some((participant) => participant.name === name);
      if (cause === 'timeout' && (phase === 'release' || phase === 'flush') && !isLimited)
        yield `${name} in ${phase}`;
    }
    if (report.forcedBy === 'deadline' && report.remainingMs > TIMERS_MS)
      yield `${ms(report.remainingMs)} were left`;
  },

  *'each method at most once'({ plan, events }) {
    const cycles = events.filter(
      ({ event, ...rest }) => event === 'phase' && rest['phase'] === 'announce',
    ).length;
    const calls = new Map<string, number>();
    for (const { event, who, method } of events) {
      const name = `${String(who)}.${String(method)}`;
      if (event === 'call') calls.set(name, (calls.get(name) ?? 0) + 1);
    }
    const busy = plan.participants
      .filter(({ busyDrains }) => busyDrains > 0)
      .map(({ name }) => `${name}.drain`);
    for (const [name, count] of calls) {
      const most = name.endsWith('.announce') || name.endsWith('.resume') ? cycles : 1;
      if (count > most && !busy.includes(name)) yield `${name} ${count} times`;
    }
  },

  *'nothing is destroyed before the drain is over'({ events, enteredAt, forcedAt }) {
    const from = Math.min(enteredAt('release'), forcedAt);
    for (const event of calls(events, ['onModuleDestroy', 'onApplicationShutdown'])) {
      if (at(event, 0) < from) yield `${nameOf(event)} was called before release`;
    }
  },

  *'nothing runs after the report'({ events }) {
    const reportAt = events.findIndex(({ event }) => event === 'report');
    for (const event of events.slice(reportAt)) if (event.event === 'call') yield nameOf(event);
  },

  *'everybody is in the report'({ plan, report, events }) {
    const has = (name: string, phase?: ShutdownPhase): boolean =>
      report.participants.some((one) => one.name === name && (phase === undefined || one.phase === phase));
    const wasSkipped = (name: string): boolean =>
      report.participants.some((one) => one.name === name && one.outcome === 'skipped');
    for (const { name, methods } of plan.participants) {
      for (const phase of PHASES)
        if (methods[phase] && !has(name, phase)) yield `${name} is not, for ${phase}`;
    }
    for (const { name, hooks } of plan.providers) {
      for (const hook of HOOKS) {
        const caller = hook === 'beforeApplicationShutdown' ? 'beforeApplicationShutdown hooks' : 'nest';
        const called = calls(events, [hook]).some(({ who }) => who === name);
        if (hooks[hook] && !has(`${name}.${hook}`) && (called || !wasSkipped(caller)))
          yield `${name}.${hook} is not`;
      }
    }
  },

  *'outcomes are what happened'({ plan, report, events }) {
    const behaviours = new Map<string, Behaviour>();
    for (const { name, methods } of plan.participants)
      for (const phase of PHASES) if (methods[phase]) behaviours.set(`${name} ${phase}`, methods[phase]);
    for (const { name, hooks } of plan.providers)
      for (const hook of HOOKS) {
        if (!hooks[hook]) continue;
        for (const phase of PHASES) behaviours.set(`${name}.${hook} ${phase}`, hooks[hook]);
      }
    const called = new Set(
      calls(events).flatMap((event) => [nameOf(event), `${String(event['who'])} ${String(event['method'])}`]),
    );
    for (const { name, phase, outcome } of report.participants) {
      const behaviour = behaviours.get(`${name} ${phase}`);
      if (!behaviour) continue;
      const wasCalled = called.has(name) || called.has(`${name} ${phase}`);
      if (wasCalled === (outcome === 'skipped') && !(outcome === 'abandoned' && !wasCalled))
        yield `${name} in ${phase} is ${outcome}, and was ${wasCalled ? '' : 'not '}called`;
      const fails = behaviour.does === 'throws' || behaviour.does === 'rejects';
      if (fails && outcome === 'completed') yield `${name} in ${phase} failed, and is ${outcome}`;
      if (
        behaviour.does === 'hangs' &&
        outcome !== 'abandoned' &&
        outcome !== 'skipped' &&
        name.includes('participant')
      )
        yield `${name} in ${phase} hung, and is ${outcome}`;
      if (behaviour.does === 'returns' && outcome === 'failed') yield `${name} in ${phase} is ${outcome}`;
    }
    const isClean =
      report.cuts.length === 0 && report.participants.every(({ outcome }) => outcome === 'completed');
    if (report.status === 'completed' && !isClean) yield 'it says completed, and something was not';
    if (report.status === 'failed' && isClean) yield 'it says failed, and nothing has';
  },

  *'release has its reserve'({ plan, terminatingAt, enteredAt, forcedAt, ...evidence }) {
    const dueAt = terminatingAt + plan.options.gracePeriodMs * 0.8;
    const began = Math.min(enteredAt('release'), forcedAt);
    if (isOverdue(began, dueAt, evidence)) yield `it began ${ms(began - terminatingAt)} after the trigger`;
  },
};

/** A shutdown by close(), or one that a participant asks for, ends no process: what comes afterwards is between Node and the signal. */
function endedByItself({ steps, events }: Pick<Observation, 'steps' | 'events'>): boolean {
  const reportAt = at(
    events.find(({ event }) => event === 'report'),
    Infinity,
  );
  const reason = events.find(({ event }) => event === 'terminating')?.['reason'];
  const endsNothing = reason === 'close' || reason === 'manual';
  const signals = steps.filter(({ does }) => does === 'SIGTERM' || does === 'SIGINT');
  const own = events.filter(({ event }) => event === 'signal');
  return endsNothing && own.length === 0 && !signals.some((step) => step.at < reportAt - EXIT_MARGIN_MS);
}

function allowedExits(evidence: Evidence): (number | string | null)[] {
  const { report, events, steps, exit } = evidence;
  // The report says what forced it; the exit code, what ended it.
  if (evidence.isBlockedForced) return [70];
  if (endedByItself(evidence)) return [0, 1, 124, 'SIGTERM', exit.code === null ? 'SIGTERM' : exit.code];
  const brokeDown = events.some(({ event }) => event === 'fatal');
  const reportAt = at(
    events.find(({ event }) => event === 'report'),
    Infinity,
  );
  // A signal that comes when it is over anyway may have its say in the exit code. It may even be the end: on its way out, Node
  // gives up its listeners first.
  const late = [
    ...steps.filter((step) => step.at > reportAt - EXIT_MARGIN_MS).map(({ does }) => does),
    ...events
      .filter((event) => event.event === 'signal' && at(event, 0) > reportAt - 50)
      .map(({ signal }) => signal),
  ].flatMap((what) =>
    what === 'SIGTERM' ? [143, what] : what === 'SIGINT' ? [130, what] : what === 'break down' ? [1] : [],
  );
  return [byReport(report, brokeDown), ...late];
}

function byReport({ status, forcedBy }: ShutdownReport, brokeDown: boolean): number {
  if (status === 'completed') return brokeDown ? 1 : 0;
  if (status === 'failed') return 1;
  // It may go on: after an uncaught exception.
  if (forcedBy?.startsWith('process.exit(70), called by the watchdog')) return 70;
  switch (forcedBy) {
    case 'deadline':
      return 124;
    case 'SIGTERM again':
      return 143;
    case 'SIGINT again':
      return 130;
    case 'another fatal error':
    case undefined:
    default:
      return 1;
  }
}

function calls(
  events: readonly ProgramEvent[],
  methods?: readonly (Method | (typeof HOOKS)[number])[],
): ProgramEvent[] {
  return events.filter(
    ({ event, method }) => event === 'call' && (!methods || methods.some((one) => one === method)),
  );
}

function nameOf({ who, method }: ProgramEvent): string {
  return `${String(who)}.${String(method)}`;
}
