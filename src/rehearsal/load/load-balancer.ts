import { get } from 'node:http';

/** How a balancer learns that an instance wants no more requests, and how fast it acts on it. */
export interface LoadBalancerOptions {
  readonly port: number;
  /** Polled for readiness; without one the balancer learns of it by {@link LoadBalancer.remove} alone. */
  readonly readinessPath?: string;
  readonly intervalMs: number;
  /** From learning of it until the last request: every balancer in the field has such a lag. */
  readonly lagMs: number;
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

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
    if (options.readinessPath !== undefined) void this.#poll(options.readinessPath);
  }

  /** Aborts when the instance gets no more requests. */
  get outOfRotation(): AbortSignal {
    return this.#outOfRotation.signal;
  }

  /** When it learnt that the instance wants no more requests, in the milliseconds of `performance.now()`. */
  get removedAt(): number | undefined {
    return this.#removedAt;
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

  async #poll(path: string): Promise<void> {
    const startedAt = performance.now();
    const ready = await isReady(this.#options.port, path);
    if (this.#removedAt !== undefined) return;
    if (!ready) return this.remove();
    const rest = this.#options.intervalMs - (performance.now() - startedAt);
    this.#timer = setTimeout(() => void this.#poll(path), Math.max(0, rest));
  }
}

function isReady(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(1_000);
    // A connection per probe, as the kubelet does.
    get({ host: '127.0.0.1', port, path, agent: false, signal }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
