import { rehearseFleet } from './rehearse-fleet.js';
import { rehearseOnce, type Onlooker } from './rehearse-once.js';
import { rehearsalReport, type RehearsalReport } from './rehearsal-report.js';
import type { RehearsalPlan } from './plan.js';
import type { RunRecord } from './run-record.js';

/**
 * Rehearses the deploy of an application as often as the plan says, and judges what was seen.
 *
 * @throws {RehearsalError} if there is nothing to judge
 */
export async function rehearse(
  plan: RehearsalPlan,
  onlooker: Onlooker,
  interrupted: AbortSignal,
): Promise<RehearsalReport> {
  for (const remark of plan.remarks) onlooker.step(remark);
  if (plan.fleet) return rehearsalReport(await rehearseFleet(plan, plan.fleet, onlooker, interrupted), plan);
  const runs: RunRecord[] = [];
  while (runs.length < plan.restarts) {
    if (plan.restarts > 1) onlooker.step(`restart ${runs.length + 1} of ${plan.restarts}`);
    runs.push(await rehearseOnce(plan, onlooker, interrupted));
  }
  return rehearsalReport(runs, plan);
}
