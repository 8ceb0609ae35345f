import { isObject, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';

/**
 * Calls `onJob` with every job that these methods hand out, before their caller has it.
 *
 * @returns functions that leave the methods as they were
 */
export function watchHandedOut(
  source: object,
  methods: readonly string[],
  onJob: (job: object) => void,
): (() => void)[] {
  return methods.map((method) =>
    overrideMethod(source, method, (call) => async (...args) => {
      const result = await call(...args);
      for (const job of jobsIn(result)) onJob(job);
      return result;
    }),
  );
}

/** A job, several, or trees of jobs with children. */
function jobsIn(result: unknown): object[] {
  if (Array.isArray(result)) return result.flatMap(jobsIn);
  if (!isObject(result)) return [];
  const root = read(result, 'job');
  return isObject(root) ? [root, ...jobsIn(read(result, 'children'))] : [result];
}
