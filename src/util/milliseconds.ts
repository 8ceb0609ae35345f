/** A duration for people, and for those who search a log for it: `5003 ms`. */
export function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}
