/** Data of the last event of a stream. */
export interface Farewell {
  readonly code: string;
  readonly message: string;
}

/**
 * Formats the last event. It has no id, so the client keeps its current one.
 *
 * @param retryMs delay before the client reconnects; `undefined` leaves it to the client
 */
export function farewellText({ code, message }: Farewell, retryMs: number | undefined): string {
  const lines = ['event: shutdown', `data: ${JSON.stringify({ code, message })}`];
  if (retryMs !== undefined) lines.push(`retry: ${Math.floor(retryMs)}`);
  // The blank line ends an event that is only partly written; between two events it has no effect.
  return `\n\n${lines.join('\n')}\n\n`;
}
