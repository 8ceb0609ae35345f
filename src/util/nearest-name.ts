/** Returns the name most similar to `name`, `undefined` if none is similar enough. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  const ranked = names
    .map((candidate) => ({ candidate, distance: distance(given, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Number of edits; a missing end of a long name, such as its unit, counts as one. */
function distance(from: string, to: string): number {
  return from.length > 2 && to.startsWith(from) ? 1 : editDistance(from, to);
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 0; line < from.length; line++) {
    const next = [line + 1];
    for (let column = 0; column < to.length; column++) {
      const substitution = row[column]! + Number(from[line] !== to[column]);
      next.push(Math.min(row[column + 1]! + 1, next[column]! + 1, substitution));
    }
    row = next;
  }
  return row[to.length]!;
}
