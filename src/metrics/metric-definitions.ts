import { PHASES } from '../core/phase.js';
import type { ShutdownState } from '../core/phase.js';
import type { ShutdownHistory } from './shutdown-history.js';

/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric and the function that reads its values. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labelNames: readonly string[];
  read(this: void, history: ShutdownHistory): readonly Sample[];
}

const STATES: readonly ShutdownState[] = ['running', ...PHASES, 'completed', 'forced'];

/** Outcomes of tasks: names of the statistics, and the values of the label `outcome`. */
const TASK_OUTCOMES: Readonly<Record<string, string>> = {
  completed: 'completed',
  failed: 'failed',
  timedOut: 'timed-out',
  handedOver: 'handed-over',
  cut: 'cut',
  refused: 'refused',
};

/** All metrics of a shutdown; names and labels are a stable interface. */
export const METRICS: readonly MetricDefinition[] = [
  {
    name: 'graceful_shutdown_state',
    help: 'State of the application: 1 for the current phase, 0 for the others.',
    type: 'gauge',
    labelNames: ['phase'],
    read: ({ progress }) =>
      STATES.map((state) => ({ labels: { phase: state }, value: Number(state === progress.state) })),
  },
  {
    name: 'graceful_shutdown_in_flight_requests',
    help: 'Requests in flight, not counting probes and scrapes.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'requests'),
  },
  {
    name: 'graceful_shutdown_in_flight_messages',
    help: 'Messages of microservices and WebSockets that are being handled.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'messages'),
  },
  {
    name: 'graceful_shutdown_open_connections',
    help: 'Open client connections.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'open'),
  },
  {
    name: 'graceful_shutdown_active_tasks',
    help: 'Background tasks that have started and not ended.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'active'),
  },
  {
    name: 'graceful_shutdown_duration_seconds',
    help: 'Duration of the shutdown or announcement so far.',
    type: 'gauge',
    labelNames: ['reason'],
    read: ({ progress: { reason, elapsedMs } }) =>
      reason && elapsedMs !== undefined
        ? [{ labels: { reason: reason.kind }, value: seconds(elapsedMs) }]
        : [],
  },
  {
    name: 'graceful_shutdown_phase_duration_seconds',
    help: 'Duration of each phase, up to now for the current one.',
    type: 'gauge',
    labelNames: ['phase'],
    read: (history) =>
      history.phases().map(({ phase, durationMs }) => ({ labels: { phase }, value: seconds(durationMs) })),
  },
  {
    name: 'graceful_shutdown_participant_duration_seconds',
    help: 'Duration of each participant in a phase, up to now for pending ones.',
    type: 'gauge',
    labelNames: ['participant', 'phase', 'outcome'],
    read: (history) =>
      history.participants().map(({ name, phase, outcome, durationMs }) => ({
        labels: { participant: name, phase, outcome },
        value: seconds(durationMs),
      })),
  },
  {
    name: 'graceful_shutdown_late_requests_total',
    help: 'Requests that arrived after new ones were refused.',
    type: 'counter',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'late'),
  },
  {
    name: 'graceful_shutdown_retired_connections_total',
    help: 'Connections that were closed between two requests.',
    type: 'counter',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'retired'),
  },
  {
    name: 'graceful_shutdown_cut_total',
    help: 'Pieces of work that were cut, that is, ended unfinished.',
    type: 'counter',
    labelNames: ['kind'],
    read: (history) => Array.from(history.cuts(), ([kind, value]) => ({ labels: { kind }, value })),
  },
  {
    name: 'graceful_shutdown_tasks_total',
    help: 'Background tasks that have ended or were refused.',
    type: 'counter',
    labelNames: ['participant', 'outcome'],
    read: (history) =>
      Object.entries(TASK_OUTCOMES).flatMap(([name, outcome]) =>
        statistic(history, name, 'active').map(({ labels, value }) => ({
          labels: { ...labels!, outcome },
          value,
        })),
      ),
  },
  {
    name: 'graceful_shutdown_forced_total',
    help: 'Shutdowns that were forced.',
    type: 'counter',
    labelNames: [],
    read: (history) => [{ value: history.forced }],
  },
  {
    name: 'graceful_shutdown_announce_need_seconds',
    help: 'Time from the trigger to the last request: the announcement needed to be this long.',
    type: 'gauge',
    labelNames: [],
    read: ({ progress: { announceNeedMs = 0 } }) => [{ value: seconds(announceNeedMs) }],
  },
];

/**
 * Reads a statistic of all participants that have it, and that also have the statistic `beside`, which identifies their
 * kind.
 */
function statistic({ progress }: ShutdownHistory, name: string, beside = name): Sample[] {
  return Object.entries(progress.statistics).flatMap(([participant, statistics]) => {
    const value = statistics[name];
    return value === undefined || statistics[beside] === undefined
      ? []
      : [{ labels: { participant }, value }];
  });
}

function seconds(ms: number): number {
  return ms / 1_000;
}
