import { MARGIN_MS } from '../config/budget.js';
import { oneLine } from '../util/safe-text.js';
import { durationText } from './duration-text.js';
import type { PhaseReport, ShutdownReport } from '../core/report.js';
import type { Facts } from './facts.js';
import type { GivenOptions } from './given-options.js';

/** The fields of a report that a plan reads. */
export type PlannedReport = Pick<
  ShutdownReport,
  'gracePeriodMs' | 'releaseReserveMs' | 'announceNeedMs' | 'phases' | 'cuts'
>;

/** Facts and options of an application, and sentences about them. */
export interface Observed {
  readonly facts: Facts;
  readonly given: GivenOptions;
  readonly warnings: readonly string[];
}

/** Adds what a shutdown took. Of a fact, the longer time applies; an option that is given takes precedence. */
export function withReport(facts: Facts, given: GivenOptions, report: PlannedReport): Observed {
  const { gracePeriodMs, releaseReserveMs, announceNeedMs = 0, cuts } = report;
  const cut = cuts.toSorted((one, other) => other.ageMs - one.ageMs)[0];
  const longestWorkMs = Math.max(spentIn(report.phases, 'drain'), cut?.ageMs ?? 0);
  return {
    facts: {
      ...facts,
      slowestRequestMs: Math.max(facts.slowestRequestMs, Math.ceil(longestWorkMs)),
      hooksMs: Math.max(facts.hooksMs, Math.ceil(spentIn(report.phases, 'release', 'flush'))),
      announceNeedMs: Math.ceil(announceNeedMs),
    },
    given: { ...optionsOf(gracePeriodMs, releaseReserveMs, given), ...given },
    warnings: cut
      ? [
          `${oneLine(`${cut.kind} ${cut.name}`)} was cut after ${durationText(Math.ceil(cut.ageMs))}: ` +
            'it takes longer than that, and so does the slowest request.',
        ]
      : [],
  };
}

/** The grace period of a report is what the pod leaves to the application. */
function optionsOf(gracePeriodMs: number, releaseReserveMs: number, given: GivenOptions): GivenOptions {
  const podMs = gracePeriodMs + (given.preStopMs ?? 0) + MARGIN_MS;
  return {
    ...(Number.isFinite(gracePeriodMs) && { podGracePeriodMs: Math.ceil(podMs / 1_000) * 1_000 }),
    ...(Number.isFinite(releaseReserveMs) && { releaseReserveMs }),
  };
}

function spentIn(phases: readonly PhaseReport[], ...names: readonly string[]): number {
  return phases
    .filter(({ phase }) => names.includes(phase))
    .reduce((total, { durationMs }) => total + durationMs, 0);
}
