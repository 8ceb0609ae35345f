import { judge, type Judgement } from './judge.js';
import { commandName } from './target/command-name.js';
import { replacementOf, type FleetPlan, type RehearsalPlan } from './plan.js';
import type { RunRecord } from './run-record.js';

/** Raised when a field changes its meaning or goes away. */
const VERSION = 1;

/** The result of a rehearsal, as plain data. It has nothing that the application printed, and no argument, header, body or query. */
export interface RehearsalReport extends Judgement {
  readonly version: number;
  /** The program and its script. */
  readonly application: string;
  readonly nodeVersion: string;
  readonly platform: string;
  readonly signal: string;
  readonly graceMs: number;
  readonly lagMs: number;
  readonly durationMs: number;
  readonly rate: number;
  readonly requests: readonly string[];
  /** Absent where there was one instance without a balancer. */
  readonly fleet?: Pick<FleetPlan, 'size' | 'balancer'>;
  /** What replaced the workers of a cluster; absent where there was none. */
  readonly cluster?: { readonly replacedBy: string };
  /** One for each process that was ended; one for all workers that were replaced at once. */
  readonly runs: readonly RunRecord[];
}

/** Sums up the runs of a rehearsal. */
export function rehearsalReport(runs: readonly RunRecord[], plan: RehearsalPlan): RehearsalReport {
  const { command, signal, graceMs, lagMs, durationMs, rate, requests, fleet, cluster } = plan;
  return {
    version: VERSION,
    application: commandName(command),
    nodeVersion: process.version,
    platform: `${process.platform} ${process.arch}`,
    signal,
    graceMs,
    lagMs,
    durationMs,
    rate,
    requests: [...new Set(requests.map(({ request }) => request.kind))],
    ...(fleet && { fleet: { size: fleet.size, balancer: fleet.balancer } }),
    ...(cluster && { cluster: { replacedBy: replacementOf(plan, cluster) } }),
    ...judge(runs, plan),
    runs,
  };
}
