import { nearestName } from '../util/nearest-name.js';
import { show } from '../config/problem.js';
import { RESOURCE_TYPES } from './resource-types.js';
import type { ResourceOptions } from './resource-options.js';

/** What is wrong with how a resource is to be given back, to go on from its name; `undefined` when nothing is. */
export function problemWithResourceOptions({
  type,
  priority,
  timeoutMs,
  after,
}: ResourceOptions): string | undefined {
  if (type !== undefined && !Object.hasOwn(RESOURCE_TYPES, type)) {
    const types = Object.keys(RESOURCE_TYPES);
    const nearest = nearestName(String(type), types);
    return (
      `cannot have the type ${show(type)}: ` +
      (nearest === undefined ? `there are ${types.join(', ')}` : `did you mean '${nearest}'?`)
    );
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    return `cannot have the priority ${show(priority)}: give a finite number`;
  }
  // What comes from an environment variable that is not set is NaN, and would be taken for no time at all.
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
    return `cannot have the timeoutMs ${show(timeoutMs)}: give milliseconds, 0 or more`;
  }
  if (after !== undefined && !(Array.isArray(after) && after.every((name) => typeof name === 'string'))) {
    return `cannot be closed after ${show(after)}: give a list of names of resources`;
  }
  return undefined;
}
