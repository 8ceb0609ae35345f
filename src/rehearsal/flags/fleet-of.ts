import { BALANCERS } from '../balancers/balancer.js';
import type { FleetPlan } from '../plan.js';
import type { RehearseFlags } from './flags.js';
import type { FlagReader } from './flag-reader.js';

/** Reads what is said about a fleet, if there is one; what is wrong is among the problems of the reader. */
export function fleetOf(flags: RehearseFlags, reader: FlagReader): FleetPlan | undefined {
  const { fleet, balancer = BALANCERS[0], 'port-variable': portVariable = 'PORT', url, ready } = flags;
  if (fleet === undefined) {
    for (const name of ['balancer', 'port-variable'] as const) {
      if (flags[name] !== undefined) reader.problems.push(`--${name} is for a fleet: add --fleet 3`);
    }
    return undefined;
  }
  if (url !== undefined)
    reader.problems.push('--url has no meaning with --fleet, which gives each instance a port');
  if (ready !== undefined && !ready.startsWith('/')) {
    reader.problems.push('--ready must be a path with --fleet, because each instance has a port of its own');
  }
  return {
    size: reader.number('--fleet', fleet, 1, true),
    balancer: reader.oneOf('--balancer', balancer, BALANCERS),
    portVariable: reader.variable('--port-variable', portVariable),
  };
}
