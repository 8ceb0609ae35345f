import { rehearseCluster } from './rehearse-cluster.js';
import { rehearseFleet } from './rehearse-fleet.js';
import { rehearseOnce } from './rehearse-once.js';
import type { Onlooker } from './onlooker.js';
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
  for (let restart = 1; restart <= plan.restarts; restart += 1) {
    if (plan.restarts > 1) onlooker.step(`restart ${restart} of ${plan.restarts}`);
    if (plan.cluster) runs.push(...(await rehearseCluster(plan, plan.cluster, onlooker, interrupted)));
    else runs.push(await rehearseOnce(plan, onlooker, interrupted));
  }
  return rehearsalReport(runs, plan);
}
