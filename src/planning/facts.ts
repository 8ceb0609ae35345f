/** What a shutdown has to fit: how load balancers react, and how long the work takes. Durations are in milliseconds. */
export interface Facts {
  /** How often readiness is probed. */
  readonly probePeriodMs: number;
  /** After how many failures a probe counts as failed. */
  readonly failureThreshold: number;
  /** How long it takes from the removal of an endpoint until no proxy sends requests to it. */
  readonly propagationMs: number;
  /** How long the slowest request, upload, download or job takes. */
  readonly slowestRequestMs: number;
  /** How long all shutdown hooks take together, and closing what they close. */
  readonly hooksMs: number;
  /** When the last request arrived in a shutdown that was observed, from its trigger on. */
  readonly announceNeedMs?: number;
}

/** Facts of a cluster that is probed as the manifest does it, and of a service with quick requests. */
export const USUAL_FACTS: Facts = {
  probePeriodMs: 2_000,
  failureThreshold: 1,
  propagationMs: 3_000,
  slowestRequestMs: 15_000,
  hooksMs: 3_000,
};
