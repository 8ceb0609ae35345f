/** The result of handing one job or message back. */
export interface HandBack {
  /** Name of the job or message, such as `4711 of orders`. */
  readonly name: string;
  /** The error, if it could not be handed back. */
  readonly error?: unknown;
  /** What could not be handed back, if its handler may still finish. */
  readonly message?: object;
}
