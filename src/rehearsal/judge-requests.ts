import { oneLine } from '../util/safe-text.js';
import { OUTCOMES, type Outcome } from './load/outcome.js';
import { broken, kept, unseen, type Verdict } from './verdict.js';
import type { Loss } from './observations.js';
import type { RehearsalPlan } from './plan.js';
import type { PromiseId } from './promises.js';
import type { RunRecord } from './run-record.js';

/** A promise about requests, and the ends that break it. */
interface RequestPromise {
  readonly promise: PromiseId;
  readonly brokenBy: readonly Outcome[];
  readonly change: (plan: RehearsalPlan, run: RunRecord) => string;
}

const REQUEST_PROMISES: readonly RequestPromise[] = [
  {
    promise: 'new-connections',
    brokenBy: ['refused', 'reset-new'],
    change: ({ lagMs }, { workers }) =>
      workers
        ? 'start a new worker before this one closes the port, and answer every connection that this one was given: ' +
          'nestjs-drain leaves the port to the other workers and answers the rest'
        : `keep the port open and go on serving until balancers have stopped sending, which here takes ${lagMs} ms after readiness fails: ` +
          'nestjs-drain waits for announceDelayMs, which is 0 outside Kubernetes unless you set it',
  },
  {
    promise: 'kept-alive',
    brokenBy: ['reset-reused'],
    change: () =>
      'send Connection: close with each response after the signal, and close idle connections last, not first: ' +
      'nestjs-drain retires each connection with its next response',
  },
  {
    promise: 'complete',
    brokenBy: ['truncated'],
    change: () =>
      'wait until the last byte of each response is sent before the process exits, and never destroy a connection that is in use: ' +
      'nestjs-drain also waits for responses that are written but not yet sent',
  },
  {
    promise: 'errors',
    brokenBy: ['server-error', 'late', 'unexpected'],
    change: () =>
      'serve as usual until balancers have stopped sending, and close databases and other clients only after the last response: ' +
      'nestjs-drain calls onModuleDestroy() after the last response, and answers 503 only after its announce delay',
  },
  {
    promise: 'answers',
    brokenBy: ['timed-out'],
    change: ({ timeoutMs }) =>
      `a request was not answered within ${timeoutMs} ms: finish what was accepted, or answer 503 with Connection: close and Retry-After; ` +
      'if the route takes that long, raise --timeout',
  },
];

/** Judges what became of requests. */
export function judgeRequests(run: RunRecord, plan: RehearsalPlan): Verdict[] {
  return [judgeSteadiness(run), ...REQUEST_PROMISES.map((promise) => judge(promise, run, plan))];
}

function judgeSteadiness({ before, lossesBefore, readiness }: RunRecord): Verdict {
  const lost = before.sent - before.answered;
  const fellMs = readiness?.fellMs;
  if (before.sent === 0) {
    return unseen('steady', 'no request ended before the signal', 'send requests for longer with --duration');
  }
  if (lost === 0 && (fellMs === undefined || fellMs >= 0)) {
    return kept('steady', `${before.answered} of ${before.sent} answered`);
  }
  const evidence = [
    ...(lost > 0
      ? [`${lost} of ${before.sent} lost: ${countedOutcomes(before)}`, ...lossesBefore.map(describe)]
      : []),
    ...(fellMs !== undefined && fellMs < 0 ? [`readiness fell ${-fellMs} ms before the signal`] : []),
  ];
  return broken(
    'steady',
    evidence,
    'lower --rate until the application carries the load, or ask other routes with --path',
  );
}

function judge({ promise, brokenBy, change }: RequestPromise, run: RunRecord, plan: RehearsalPlan): Verdict {
  const { after, lossesAfter } = run;
  const lost = brokenBy.reduce((sum, outcome) => sum + after[outcome], 0);
  if (lost === 0) return kept(promise, `none of ${after.sent} since the signal`);
  const examples = lossesAfter.filter(({ outcome }) => brokenBy.includes(outcome)).map(describe);
  const counts = brokenBy.flatMap((outcome) => (after[outcome] > 0 ? [`${after[outcome]} ${outcome}`] : []));
  return broken(promise, [`${counts.join(', ')}, of ${after.sent}`, ...examples], change(plan, run));
}

function countedOutcomes(counts: RunRecord['before']): string {
  return OUTCOMES.filter((outcome) => outcome !== 'answered' && counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${outcome}`)
    .join(', ');
}

/** Tells of a loss in one line. */
function describe({ request, outcome, connection, sentMs, endedMs, status, answeredBy }: Loss): string {
  const answer = status === undefined ? outcome : `${outcome}, ${status}`;
  const by = answeredBy === undefined ? '' : ` by ${oneLine(answeredBy)}`;
  return `${request} on a ${connection} connection, sent at ${sentMs} ms: ${answer}${by} at ${endedMs} ms`;
}
