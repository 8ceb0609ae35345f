import type { CurvePoint } from './curve.js';
import type { Outcome } from './load/outcome.js';
import type { PunctualityFigures } from './load/punctuality.js';
import type { Loss } from './observations.js';
import type { ExitAfterSignal } from './target/exit-of.js';
import type { RunningProcess } from './target/process-table.js';

/** How many requests had which end. */
export type Counts = Readonly<Record<Outcome | 'sent', number>>;

/** The end of an event stream or a WebSocket. */
export interface LongLivedRecord {
  readonly path: string;
  /** In milliseconds since the signal. */
  readonly atMs: number;
  readonly isClean: boolean;
  readonly how: string;
}

/** What was seen of a worker that had to be replaced. */
export interface WorkerRecord {
  readonly pid: number;
  /** Absent if it ran on. */
  readonly exit?: ExitAfterSignal;
  /** When another worker listened in its place; absent if none did. */
  readonly replacedMs?: number;
}

/** Everything that was seen of one shutdown, as plain data; times are milliseconds since the signal. */
export interface RunRecord {
  /** Requests that ended before the signal. */
  readonly before: Counts;
  /** All others. */
  readonly after: Counts;
  readonly lossesBefore: readonly Loss[];
  readonly lossesAfter: readonly Loss[];
  /** Absent where the application has no route that tells that it is ready. */
  readonly readiness?: {
    readonly path: string;
    /** Absent if it never fell. */
    readonly fellMs?: number;
    /** Absent if nobody answered. */
    readonly status?: number;
  };
  /** When the first connection was refused, or ended without an answer. */
  readonly firstRefusalMs?: number;
  /** When the last request arrived. */
  readonly stoppedMs: number;
  readonly streams: readonly LongLivedRecord[];
  readonly webSockets: readonly LongLivedRecord[];
  /** Of the process that was ended; with `workers`, of the last of them. */
  readonly exit: ExitAfterSignal;
  /** The workers of a cluster that were replaced in this run; absent if a process was ended for good. */
  readonly workers?: readonly WorkerRecord[];
  readonly leftBehind: readonly Pick<RunningProcess, 'pid' | 'name'>[];
  readonly curve: readonly CurvePoint[];
  readonly punctuality: PunctualityFigures;
}
