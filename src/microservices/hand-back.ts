/** What became of a job or message that was to be handed back. */
export interface HandBack {
  /** Its name: `4711 of orders`. */
  readonly name: string;
  /** Why it could not be handed back. */
  readonly error?: unknown;
}
