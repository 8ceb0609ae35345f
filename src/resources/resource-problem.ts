import { nearestName } from '../util/nearest-name.js';
import { show } from '../config/problem.js';
import { RESOURCE_TYPES } from './resource-types.js';
import type { ResourceOptions } from './resource-options.js';

/** Describes what is wrong with the options of a resource, to follow its name; `undefined` if they are valid. */
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
      `has an unknown type ${show(type)}: ` +
      (nearest === undefined ? `use one of ${types.join(', ')}` : `did you mean '${nearest}'?`)
    );
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    return `has an invalid priority ${show(priority)}: use a finite number`;
  }
  // A timeout from an unset environment variable is NaN, which would act like 0.
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
    return `has an invalid timeoutMs ${show(timeoutMs)}: use milliseconds, 0 or more`;
  }
  if (after !== undefined && !(Array.isArray(after) && after.every((name) => typeof name === 'string'))) {
    return `has an invalid after ${show(after)}: use an array of resource names`;
  }
  return undefined;
}
