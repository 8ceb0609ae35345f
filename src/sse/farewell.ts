/** What the client of an event stream is told in the last event. */
export interface Farewell {
  readonly code: string;
  readonly message: string;
}

/**
 * The last event, as text. It has no id: the client keeps the one that it has.
 *
 * @param retryMs when the client is to come back; `undefined`: when it likes
 */
export function farewellText({ code, message }: Farewell, retryMs: number | undefined): string {
  const lines = ['event: shutdown', `data: ${JSON.stringify({ code, message })}`];
  if (retryMs !== undefined) lines.push(`retry: ${Math.floor(retryMs)}`);
  // An event that was begun ends before it; between two events a blank line means nothing.
  return `\n\n${lines.join('\n')}\n\n`;
}
