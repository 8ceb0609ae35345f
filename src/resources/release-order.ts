import { RESOURCE_PHASES } from './resource-types.js';
import type { Resource } from './resource.js';

/** Position in the closing order: by phase, then by priority, then by depth below resources named in `after`. */
interface Place {
  readonly phase: Resource['phase'];
  readonly priority: number;
  readonly depth: number;
}

/**
 * Returns the resources of a phase in groups that are closed one after the other: higher priority first; within a
 * group, last registered first. `after` only moves a resource back, never another one forward.
 */
export function releaseOrder(resources: readonly Resource[], phase: Resource['phase']): Resource[][] {
  const places = placesOf(resources);
  const groups = new Map<string, { readonly place: Place; readonly members: Resource[] }>();
  for (const resource of resources.toReversed()) {
    const place = places.get(resource.name)!;
    if (place.phase !== phase) continue;
    const key = `${place.priority} ${place.depth}`;
    const group = groups.get(key);
    if (group) group.members.push(resource);
    else groups.set(key, { place, members: [resource] });
  }
  return [...groups.values()]
    .toSorted((a, b) => b.place.priority - a.place.priority || a.place.depth - b.place.depth)
    .map(({ members }) => members);
}

/**
 * Returns the cycle of `after` that a newcomer would close.
 *
 * @returns the names, starting and ending with the newcomer's; `undefined` if there is no cycle
 */
export function cycleThrough(
  newcomer: Pick<Resource, 'name' | 'after'>,
  resources: ReadonlyMap<string, Pick<Resource, 'after'>>,
): string[] | undefined {
  const seen = new Set<string>();
  const pathFrom = (name: string, after: readonly string[]): string[] | undefined => {
    for (const next of after) {
      if (next === newcomer.name) return [name, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const path = pathFrom(next, resources.get(next)?.after ?? []);
      if (path) return [name, ...path];
    }
    return undefined;
  };
  return pathFrom(newcomer.name, newcomer.after);
}

function placesOf(resources: readonly Resource[]): Map<string, Place> {
  const byName = new Map(resources.map((resource) => [resource.name, resource]));
  const places = new Map<string, Place>();
  const placeOf = (resource: Resource): Place => {
    const known = places.get(resource.name);
    if (known) return known;
    const before = resource.after.flatMap((name) => {
      const other = byName.get(name);
      return other ? [placeOf(other)] : [];
    });
    const place = before.reduce(behind, { phase: resource.phase, priority: resource.priority, depth: 0 });
    places.set(resource.name, place);
    return place;
  };
  for (const resource of resources) placeOf(resource);
  return places;
}

/** Returns the earliest place that is not before `place` and is behind `other`. */
function behind(place: Place, other: Place): Place {
  if (place.phase !== other.phase) {
    const isLater = RESOURCE_PHASES.indexOf(place.phase) > RESOURCE_PHASES.indexOf(other.phase);
    return isLater ? place : { ...other, depth: other.depth + 1 };
  }
  if (place.priority < other.priority) return place;
  if (place.priority > other.priority) return { ...other, depth: other.depth + 1 };
  return { ...place, depth: Math.max(place.depth, other.depth + 1) };
}
