import { passUnderLoad } from './target/pass-under-load.js';
import { untilInterrupted } from './target/until-interrupted.js';
import { endInstance } from './end-instance.js';
import { Fleet, type Instance } from './fleet.js';
import { FreePorts } from './balancers/free-ports.js';
import { RollingLoad } from './rolling-load.js';
import { startBalancer } from './balancers/start-balancer.js';
import type { FleetPlan, RehearsalPlan } from './plan.js';
import type { Onlooker } from './onlooker.js';
import type { RunRecord } from './run-record.js';
import type { Balancer } from './balancers/balancer.js';

/** What a rolling restart is made of. */
interface Deploy {
  readonly plan: RehearsalPlan;
  readonly fleet: Fleet;
  readonly instances: readonly Instance[];
  readonly balancer: Balancer;
  readonly onlooker: Onlooker;
}

/**
 * Starts several instances of an application behind a balancer, and restarts one after another under load: a new instance
 * first, then the end of an old one. No process is left afterwards, however it ends.
 *
 * @param interrupted ends it early: then it rejects with the reason
 * @returns a record for each instance that was restarted
 * @throws {RehearsalError} if there is nothing to judge
 */
export async function rehearseFleet(
  plan: RehearsalPlan,
  fleetPlan: FleetPlan,
  onlooker: Onlooker,
  interrupted: AbortSignal,
): Promise<readonly RunRecord[]> {
  const ports = new FreePorts();
  const onOutput = (text: string): void => onlooker.output(text);
  await using fleet = new Fleet({ plan, fleet: fleetPlan, ports, onOutput, interrupted });
  const starts = Array.from({ length: fleetPlan.size }, () => fleet.start());
  const instances = await untilInterrupted(interrupted, Promise.all(starts));
  const readiness = instances[0]?.readiness;
  await using balancer = await startBalancer(fleetPlan.balancer, {
    port: await ports.take(),
    most: fleetPlan.size + 1,
    backends: instances.map(({ port }) => port),
    ports,
    ...(readiness && { readinessPath: readiness.pathname + readiness.search }),
  });
  onlooker.step(`${instances.length} instances are ready, behind ${balancer.name} at ${balancer.url.origin}`);
  return await untilInterrupted(interrupted, deploy({ plan, fleet, instances, balancer, onlooker }));
}

async function deploy({ plan, fleet, instances, balancer, onlooker }: Deploy): Promise<readonly RunRecord[]> {
  const clientsPerPath = 2 * instances.length;
  using load = await RollingLoad.start({ plan, url: balancer.url, balancer, clientsPerPath, onlooker });
  const serving = [...instances];
  while (load.restarts < plan.restarts * instances.length) {
    serving.push(await fleet.start());
    await balancer.route(serving.map(({ port }) => port));
    await passUnderLoad(
      plan.durationMs,
      serving.map(({ application }) => application),
    );
    const old = serving.shift()!;
    const remove = (): Promise<void> => balancer.route(serving.map(({ port }) => port));
    const { observations } = load;
    load.restarted(await endInstance(old, plan, { observations, remove, onlooker }));
    // Of hundreds of restarts, nothing is kept until the last.
    await old.application[Symbol.asyncDispose]();
  }
  return await load.end();
}
