import { at, isOverdue, ms, type Evidence, type Invariant } from './evidence.js';
import { WORKING_ROUTES, type ChaosPlan, type ClientPlan } from './plan.js';
import type { ShutdownReport } from 'nestjs-drain';
import type { ProgramEvent } from '../support/process/program.js';
import type { RequestRecord } from './clients.js';

/** Kinds of cuts that are requests whose client is still there. */
const REQUEST_CUTS: ReadonlySet<string> = new Set(['request', 'stalled request', 'stream', 'stalled stream']);

/** Clients that open a connection for each request, or batch of them. */
const CONNECTING_KINDS: ReadonlySet<string> = new Set(['new connections', 'pipelining', 'streamed answer']);

/** What becomes of requests. */
export const REQUEST_INVARIANTS: Readonly<Record<string, Invariant>> = {
  *'no accepted request is lost'({ requests, events, ...evidence }) {
    const { report, enteredAt, forcedAt } = evidence;
    const accepted = new Map(
      events.filter(({ event }) => event === 'accepted').map(({ id, route }) => [String(id), String(route)]),
    );
    const lost = requests.filter(
      (request) =>
        accepted.has(request.id) && request.outcome !== 'answered' && !isServedTooLate(request, evidence),
    );
    for (const route of new Set(accepted.values())) {
      const ofRoute = lost.filter(({ id }) => accepted.get(id) === route);
      const cuts = report.cuts.filter(({ kind, name }) => REQUEST_CUTS.has(kind) && name === route);
      // Behind the first of a pipeline, the others are not seen until their turn has come.
      const atLeast = new Set(ofRoute.map(({ id, kind }) => (kind === 'pipelining' ? batchOf(id) : id))).size;
      if (atLeast > cuts.length)
        yield `${ofRoute.length} of ${route}, and ${cuts.length} cuts are named: ${describe(ofRoute, terminatingIn(events))}`;
    }
    const sentEarly = requests.filter(
      ({ id, outcome, sentAt }) =>
        !accepted.has(id) &&
        outcome !== 'answered' &&
        isOverdue(Math.min(enteredAt('quiesce'), forcedAt), sentAt, evidence),
    );
    if (sentEarly.length > 0) yield `sent long before quiesce: ${describe(sentEarly, terminatingIn(events))}`;
  },

  *'no work that has begun is lost'({ plan, events, report, enteredAt }) {
    const isOvertaken = (event: ProgramEvent): boolean =>
      at(event, 0) >= enteredAt('quiesce') && areLateRequestsOvertaken(report);
    const endedWell = new Set(
      events
        .filter(({ event, isStoreOpen }) => event === 'ended' && isStoreOpen === true)
        .map(({ id }) => id),
    );
    for (const route of WORKING_ROUTES) {
      const lost = events
        .filter(
          (event) =>
            event.event === 'accepted' &&
            event['route'] === route &&
            !endedWell.has(event['id']) &&
            !isOvertaken(event),
        )
        .map(({ id }) => String(id));
      const cuts = report.cuts.filter(
        ({ kind, name }) => (REQUEST_CUTS.has(kind) || kind === 'handler') && name === route,
      );
      // As above: the requests of a pipeline are cut with the first of them.
      const atLeast = new Set(lost.map((id) => (kindOf(plan, id) === 'pipelining' ? batchOf(id) : id))).size;
      if (atLeast > cuts.length)
        yield `${lost.length} of ${route}, and ${cuts.length} cuts are named: ${lost
          .map((id) => `${kindOf(plan, id)} ${id}`)
          .join('; ')}`;
    }
  },

  *'no request meets a failure'({ requests, events, ...evidence }) {
    const { plan, enteredAt, forcedAt } = evidence;
    const from = Math.min(enteredAt('quiesce'), forcedAt);
    const wrong = requests.filter((request) => {
      const { outcome, endedAt } = request;
      return (
        outcome === 'unexpected' ||
        (outcome === 'timed-out' && !isLostInPrimary(request, evidence)) ||
        (outcome === 'late' &&
          endedAt < forcedAt &&
          servesLateRequests(plan) &&
          !isServedTooLate(request, evidence)) ||
        (outcome === 'server-error' && endedAt < forcedAt && !isServedTooLate(request, evidence)) ||
        (outcome !== 'answered' && endedAt < from)
      );
    });
    if (wrong.length > 0) yield describe(wrong, terminatingIn(events));
  },

  *'a worker leaves its port to its sibling'({ plan, requests, events, exit, ...evidence }) {
    const { enteredAt, forcedAt } = evidence;
    if (!plan.cluster) return;
    const accepted = new Set(events.filter(({ event }) => event === 'accepted').map(({ id }) => id));
    const answered = new Set(
      requests.filter(({ outcome }) => outcome === 'answered').map(({ id }) => batchOf(id)),
    );
    // One that comes behind the last answer of a connection, or on one that is kept alive, is its client's to repeat.
    const isBehindAnother = ({ id, kind, outcome }: RequestRecord): boolean =>
      outcome === 'reset-reused' || (kind === 'pipelining' && answered.has(batchOf(id)));
    const wrong = requests.filter((request) => {
      const { id, outcome, sentAt, endedAt } = request;
      if (outcome === 'answered' || accepted.has(id)) return false;
      const wasCut = sentAt < exit.at && endedAt > forcedAt;
      return outcome === 'refused' || (!isBehindAnother(request) && !wasCut);
    });
    if (wrong.length > 0) yield describe(wrong, terminatingIn(events));
    // On a shared socket, it first accepts what is queued, and what comes while it does so.
    const hasLeftBefore = (sentAt: number): boolean =>
      plan.cluster === 'rr' ? sentAt > enteredAt('drain') : isOverdue(sentAt, enteredAt('drain'), evidence);
    const kept = requests.filter(
      ({ id, kind, sentAt }) => accepted.has(id) && CONNECTING_KINDS.has(kind) && hasLeftBefore(sentAt),
    );
    if (kept.length > 0) yield `it still accepted ${describe(kept, terminatingIn(events))}`;
    if (events.some(({ event }) => event === 'sibling-exit')) yield 'the sibling has ended';
  },
};

function servesLateRequests({ cluster, options }: ChaosPlan): boolean {
  return options.lateRequests === 'serve' || cluster !== undefined;
}

/**
 * Whether a late request met a store that was gone, or a Fastify that closes, which answers 503 by itself; and the report does not
 * hide it.
 */
function isServedTooLate(
  { outcome, endedAt }: RequestRecord,
  { plan, report, enteredAt }: Pick<Evidence, 'plan' | 'report' | 'enteredAt'>,
): boolean {
  return (
    (outcome === 'server-error' || (outcome === 'late' && plan.platform === 'fastify')) &&
    servesLateRequests(plan) &&
    endedAt >= enteredAt('release') &&
    report.status !== 'completed'
  );
}

/** Whether it was on its way from the primary to a worker that was forced to exit: Node then keeps the connection open. */
function isLostInPrimary(
  { sentAt }: RequestRecord,
  { plan, exit, forcedAt }: Pick<Evidence, 'plan' | 'exit' | 'forcedAt'>,
): boolean {
  return plan.cluster === 'rr' && forcedAt < Infinity && sentAt < exit.at;
}

/** Whether what late requests need may be gone before they are over: then the report names them in a step that failed. */
function areLateRequestsOvertaken({ participants }: ShutdownReport): boolean {
  return participants.some(
    ({ name, phase, overtakenMs, outcome }) =>
      phase === 'release' &&
      overtakenMs !== undefined &&
      outcome !== 'completed' &&
      (name === 'late requests' || name === 'handlers of late requests'),
  );
}

/** What the client does that has sent a request. */
function kindOf({ clients }: ChaosPlan, id: string): ClientPlan['kind'] | undefined {
  return clients[Number.parseInt(id, 10)]?.kind;
}

/** What names a pipeline in the names of its requests. */
function batchOf(id: string): string {
  return id.slice(0, id.lastIndexOf('.'));
}

function terminatingIn(events: readonly ProgramEvent[]): number {
  return at(
    events.find(({ event }) => event === 'terminating'),
    0,
  );
}

function describe(requests: readonly RequestRecord[], since: number): string {
  return requests
    .map(
      ({ id, kind, outcome, sentAt, endedAt }) =>
        `${kind} ${id} ${outcome} (sent at ${ms(sentAt - since)}, ended at ${ms(endedAt - since)})`,
    )
    .join('; ');
}
