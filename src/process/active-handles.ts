import { HANDLES_OF_PROCESS } from './process-probes.js';
import type { ProbeCheck } from '../util/probe.js';

/** Node does not document it, and documents nothing in its place that tells more than kinds. */
interface ProcessWithHandles {
  _getActiveHandles(): readonly object[];
}

/** Returns the sockets, servers and other handles of this thread that are referenced; none if Node does not tell. */
export function activeHandles(probes: ProbeCheck): readonly object[] {
  if (!probes.check(HANDLES_OF_PROCESS, process)) return [];
  return (process as unknown as ProcessWithHandles)._getActiveHandles();
}
