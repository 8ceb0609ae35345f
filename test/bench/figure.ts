/** Something that was promised, and what was measured. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** What was promised; absent for what is shown for comparison. */
  readonly promised?: string;
  readonly isKept?: boolean;
}

/** Prints figures as a table; returns whether all promises are kept. */
export function printFigures(figures: readonly Figure[]): boolean {
  const width = Math.max(...figures.map(({ what }) => what.length));
  for (const { what, measured, promised, isKept } of figures) {
    const verdict = promised === undefined ? '' : `  (${promised}: ${isKept ? 'kept' : 'MISSED'})`;
    console.log(`  ${what.padEnd(width)}  ${measured}${verdict}`);
  }
  return figures.every(({ promised, isKept }) => promised === undefined || isKept);
}
