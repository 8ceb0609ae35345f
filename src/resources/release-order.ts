import type { Resource } from './resource.js';

/** When a resource is closed: by the phase, then by priority, then behind those of the same priority that it is after. */
interface Place {
  readonly phase: Resource['phase'];
  readonly priority: number;
  readonly depth: number;
}

/**
 * The resources of a phase in groups that are closed one after the other: higher priority first, last registered first,
 * and each behind what it is `after`, which moves it back but nothing forward.
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
 * The way from a resource back to itself that a newcomer would open, by names.
 *
 * @returns the names, first and last the newcomer's; nothing, where there is no such way
 */
export function cycleThrough(
  newcomer: Pick<Resource, 'name' | 'after'>,
  resources: ReadonlyMap<string, Pick<Resource, 'after'>>,
): string[] | undefined {
  const seen = new Set<string>();
  const wayFrom = (name: string, after: readonly string[]): string[] | undefined => {
    for (const next of after) {
      if (next === newcomer.name) return [name, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const way = wayFrom(next, resources.get(next)?.after ?? []);
      if (way) return [name, ...way];
    }
    return undefined;
  };
  return wayFrom(newcomer.name, newcomer.after);
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

/** Where something is closed that is to be closed at `place`, but not before what is closed at `other`. */
function behind(place: Place, other: Place): Place {
  if (place.phase !== other.phase) {
    return place.phase === 'flush' ? place : { ...other, depth: other.depth + 1 };
  }
  if (place.priority < other.priority) return place;
  if (place.priority > other.priority) return { ...other, depth: other.depth + 1 };
  return { ...place, depth: Math.max(place.depth, other.depth + 1) };
}
