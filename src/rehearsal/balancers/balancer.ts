import type { FreePorts } from './free-ports.js';

/** The balancers that there are. */
export const BALANCERS = ['builtin', 'haproxy', 'nginx'] as const;

/** One of {@link BALANCERS}. */
export type BalancerName = (typeof BALANCERS)[number];

/** What distributes requests over instances. */
export interface Balancer extends AsyncDisposable {
  /** What its own answers are told by. */
  readonly name: string;
  /** Where clients send their requests. */
  readonly url: URL;
  /**
   * Whether it closes idle connections of clients when instances change. A request that meets such a close was not read by
   * anybody, so it is sent again.
   */
  readonly closesIdleClients: boolean;
  /** Resolves when new requests go to these ports of 127.0.0.1 only; what is under way stays where it is. */
  route(ports: readonly number[]): Promise<void>;
}

/** What a balancer is started with. */
export interface BalancerOptions {
  /** Where it listens. */
  readonly port: number;
  /** How many instances it has at most at a time. */
  readonly most: number;
  /** What it asks to tell whether an instance is ready; without it connecting is enough. */
  readonly readinessPath?: string;
  /** The ports of the instances that it has at first. */
  readonly backends: readonly number[];
  /** For what else it listens on. */
  readonly ports: FreePorts;
}
