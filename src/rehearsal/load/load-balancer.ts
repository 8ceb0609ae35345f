import { probe } from './probe.js';

/** How a balancer learns that an instance wants no more requests, and how fast it acts on it. */
export interface LoadBalancerOptions {
  /** Polled; without it the balancer learns of the end by {@link LoadBalancer.remove} alone. */
  readonly readiness?: URL;
  readonly intervalMs: number;
  /** From learning of it until the last request: every balancer in the field has such a lag. */
  readonly lagMs: number;
}

/** How readiness was seen to fall. */
export interface ReadinessFall {
  /** In the milliseconds of `performance.now()`. */
  readonly at: number;
  /** Unless nobody answered. */
  readonly status?: number;
}

/**
 * The part of a load balancer that matters to a shutdown: it polls readiness, and some time after it saw it fall,
 * it sends no more requests to the instance.
 */
export class LoadBalancer {
  readonly #options: LoadBalancerOptions;
  readonly #outOfRotation = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #removedAt: number | undefined;
  #fall: ReadinessFall | undefined;

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
    if (options.readiness) void this.#poll(options.readiness);
  }

  /** Aborts when the instance gets no more requests. */
  get outOfRotation(): AbortSignal {
    return this.#outOfRotation.signal;
  }

  /** When it learnt that the instance wants no more requests, in the milliseconds of `performance.now()`. */
  get removedAt(): number | undefined {
    return this.#removedAt;
  }

  /** The first probe that was not answered with 2xx. */
  get fall(): ReadinessFall | undefined {
    return this.#fall;
  }

  /** Takes the instance out of rotation, after the lag; what a control plane does when it deletes an instance. */
  remove(): void {
    if (this.#removedAt !== undefined) return;
    this.#removedAt = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#outOfRotation.abort(), this.#options.lagMs);
  }

  /** Stops at once whatever it was doing. */
  close(): void {
    clearTimeout(this.#timer);
    this.#removedAt ??= performance.now();
    this.#outOfRotation.abort();
  }

  async #poll(readiness: URL): Promise<void> {
    const startedAt = performance.now();
    const status = await probe(readiness);
    if (this.#removedAt !== undefined) return;
    if (status === undefined || status < 200 || status >= 300) {
      this.#fall = { at: performance.now(), ...(status !== undefined && { status }) };
      return this.remove();
    }
    const rest = this.#options.intervalMs - (performance.now() - startedAt);
    this.#timer = setTimeout(() => void this.#poll(readiness), Math.max(0, rest));
  }
}
