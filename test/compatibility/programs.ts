import { AGENTS } from './programs/agents.js';
import { BALANCERS } from './programs/balancers.js';
import { BUILDERS } from './programs/builders.js';
import { RUNTIMES } from './programs/runtimes.js';
import type { ProgramGroup, ProgramRow } from './program-row.js';

/** The programs on `docs/compatibility.md`: they are not installed beside the tests. */
export const PROGRAM_GROUPS: readonly ProgramGroup[] = [RUNTIMES, BUILDERS, AGENTS, BALANCERS];

export const PROGRAMS: readonly ProgramRow[] = PROGRAM_GROUPS.flatMap(({ programs }) => programs);
