/** Formats a duration exactly, in the largest unit without decimals of milliseconds: `250 ms`, `1.5 s`, `90 s`. */
export function durationText(ms: number): string {
  return ms < 1_000 && ms > 0 ? `${ms} ms` : `${ms / 1_000} s`;
}
