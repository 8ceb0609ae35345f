/** Formats a duration for messages: `5003 ms`. */
export function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}
