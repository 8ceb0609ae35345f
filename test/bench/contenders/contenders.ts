import { NEST_CONTENDERS } from './nest-contenders.js';
import { SERVER_CONTENDERS } from './server-contenders.js';
import type { Contender } from './contender.js';

/** In the order of the table. */
export const CONTENDERS: readonly Contender[] = [...NEST_CONTENDERS, ...SERVER_CONTENDERS];
