/** Formats a duration for a reader: `350 ms`, `6.2 s`, `28 s`. */
export function seconds(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const inSeconds = ms / 1_000;
  return `${inSeconds < 10 ? Number(inSeconds.toFixed(1)) : Math.round(inSeconds)} s`;
}
