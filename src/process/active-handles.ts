import { HANDLES_OF_PROCESS } from './process-probes.js';
import type { ProbeCheck } from '../util/probe.js';

/** Undocumented. The documented `process.getActiveResourcesInfo()` returns only kinds. */
interface ProcessWithHandles {
  _getActiveHandles(): readonly object[];
}

/** Returns the referenced sockets, servers and other handles of this thread; none if Node does not list them. */
export function activeHandles(probes: ProbeCheck): readonly object[] {
  if (!probes.check(HANDLES_OF_PROCESS, process)) return [];
  return (process as unknown as ProcessWithHandles)._getActiveHandles();
}
