import { PHASES } from '../core/phase.js';
import type { ShutdownState } from '../core/phase.js';
import type { ShutdownHistory } from './shutdown-history.js';

/** One line of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric, and how it is read. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labelNames: readonly string[];
  read(this: void, history: ShutdownHistory): readonly Sample[];
}

const STATES: readonly ShutdownState[] = ['running', ...PHASES, 'completed', 'forced'];

/** What became of tasks: the names of statistics, and what labels call them. */
const TASK_OUTCOMES: Readonly<Record<string, string>> = {
  completed: 'completed',
  failed: 'failed',
  timedOut: 'timed-out',
  handedOver: 'handed-over',
  cut: 'cut',
  refused: 'refused',
};

/** Every metric of a shutdown; what a name promises stays, labels included. */
export const METRICS: readonly MetricDefinition[] = [
  {
    name: 'graceful_shutdown_state',
    help: 'Where the application stands: 1 for that phase, 0 for the others.',
    type: 'gauge',
    labelNames: ['phase'],
    read: ({ progress }) =>
      STATES.map((state) => ({ labels: { phase: state }, value: Number(state === progress.state) })),
  },
  {
    name: 'graceful_shutdown_in_flight_requests',
    help: 'Requests that are being worked on, without probes and scrapes.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'requests'),
  },
  {
    name: 'graceful_shutdown_open_connections',
    help: 'Connections that clients have open.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'open'),
  },
  {
    name: 'graceful_shutdown_active_tasks',
    help: 'Background tasks that have begun and not ended.',
    type: 'gauge',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'active'),
  },
  {
    name: 'graceful_shutdown_duration_seconds',
    help: 'How long the shutdown, or the drain, has been going on.',
    type: 'gauge',
    labelNames: ['reason'],
    read: ({ progress: { reason, elapsedMs } }) =>
      reason && elapsedMs !== undefined
        ? [{ labels: { reason: reason.kind }, value: seconds(elapsedMs) }]
        : [],
  },
  {
    name: 'graceful_shutdown_phase_duration_seconds',
    help: 'How long each phase took, or has been going on.',
    type: 'gauge',
    labelNames: ['phase'],
    read: (history) =>
      history.phases().map(({ phase, durationMs }) => ({ labels: { phase }, value: seconds(durationMs) })),
  },
  {
    name: 'graceful_shutdown_participant_duration_seconds',
    help: 'How long each participant took in a phase, or has been at it.',
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
    help: 'Requests that arrived when new ones were refused.',
    type: 'counter',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'late'),
  },
  {
    name: 'graceful_shutdown_retired_connections_total',
    help: 'Connections that were ended between two requests.',
    type: 'counter',
    labelNames: ['participant'],
    read: (history) => statistic(history, 'retired'),
  },
  {
    name: 'graceful_shutdown_cut_total',
    help: 'Pieces of work that were ended unfinished.',
    type: 'counter',
    labelNames: ['kind'],
    read: (history) => Array.from(history.cuts(), ([kind, value]) => ({ labels: { kind }, value })),
  },
  {
    name: 'graceful_shutdown_tasks_total',
    help: 'Background tasks that have ended, or were refused.',
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
    help: 'When the last request arrived, since the trigger: how long an announcement was needed.',
    type: 'gauge',
    labelNames: [],
    read: ({ progress: { announceNeedMs = 0 } }) => [{ value: seconds(announceNeedMs) }],
  },
];

/** What those participants tell who have such a number, and another one that shows what they are. */
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
