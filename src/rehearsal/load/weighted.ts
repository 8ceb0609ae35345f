/** Something that comes again and again, in proportion to its weight. */
export interface Weighted {
  readonly weight: number;
}

/** Takes turns among items so that each comes as evenly as its weight says; the order is the same each time. */
export function inTurns<Item extends Weighted>(items: readonly Item[]): () => Item {
  const credits = items.map(() => 0);
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    for (const [index, { weight }] of items.entries()) credits[index]! += weight;
    const next = credits.indexOf(Math.max(...credits));
    credits[next]! -= total;
    return items[next]!;
  };
}
