import { BuiltinBalancer } from './builtin-balancer.js';
import { Haproxy } from './haproxy.js';
import { Nginx } from './nginx.js';
import type { Balancer, BalancerName, BalancerOptions } from './balancer.js';

const BY_NAME = { builtin: BuiltinBalancer, haproxy: Haproxy, nginx: Nginx } as const;

/** Starts a balancer; rejects with a `RehearsalError` if this machine has none of that name. */
export function startBalancer(name: BalancerName, options: BalancerOptions): Promise<Balancer> {
  return BY_NAME[name].start(options);
}
