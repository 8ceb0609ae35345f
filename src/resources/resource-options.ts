/** What a resource is, which says when it is closed unless a priority does. */
export type ResourceType =
  'consumer' | 'custom' | 'http-client' | 'cache' | 'database' | 'telemetry' | 'logger';

/** Names of the methods of a resource. */
export type MethodName<R> = {
  [Name in keyof R]: R[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof R] &
  string;

/** How a resource is given back. */
export interface ResourceOptions<R extends object = object> {
  /**
   * What it is. Consumers, custom ones, HTTP clients, caches and databases are closed in `release`, in this order;
   * telemetry and then loggers in `flush`. Default: what it is recognised as, else `'custom'`.
   */
  readonly type?: ResourceType;
  /**
   * Higher is closed first, within its phase; those of one priority are closed together, begun with the last
   * registered. Default, by type: consumer 500, custom 400, http-client 300, cache 200, database 100; telemetry 20,
   * logger 10.
   */
  readonly priority?: number;
  /** What closing it may take, in milliseconds, 0 or more; it is abandoned then. Default: `participantTimeoutMs`. */
  readonly timeoutMs?: number;
  /**
   * How it is closed: the name of its method, or a function, whose signal aborts when nobody waits any longer.
   * Default: found by itself.
   */
  readonly close?: MethodName<R> | ((resource: R, signal: AbortSignal) => unknown);
  /** Names of resources that have to be closed before it, whatever the priorities. Default: none. */
  readonly after?: readonly string[];
}

/** A registered resource. */
export interface ResourceInfo {
  readonly name: string;
  readonly type: ResourceType;
  readonly priority: number;
  readonly after: readonly string[];
  /** How it is closed, in words: `pg Pool`, `close()`. */
  readonly closedBy: string;
  /** Source location of its registration. */
  readonly registeredAt: string;
  /** How many of its connections are in use, where it tells. */
  readonly busy?: number;
}
