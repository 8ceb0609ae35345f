/** Type of a resource; determines its phase and default priority. */
export type ResourceType =
  'consumer' | 'custom' | 'http-client' | 'cache' | 'database' | 'telemetry' | 'logger';

/** Names of the methods of a resource. */
export type MethodName<R> = {
  [Name in keyof R]: R[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof R] &
  string;

/** Options of a resource. */
export interface ResourceOptions<R extends object = object> {
  /**
   * Type of the resource. Consumers, custom resources, HTTP clients, caches and databases are closed in `release`, in
   * this order; telemetry in `flush`; loggers when the outcome has been logged. Default: the type of the recognised
   * client, otherwise `'custom'`.
   */
  readonly type?: ResourceType | undefined;
  /**
   * Higher priorities are closed first within a phase. Resources of one priority are closed together, starting with the
   * last registered. Default, by type: consumer 500, custom 400, http-client 300, cache 200, database 100; telemetry
   * 20, logger 10.
   */
  readonly priority?: number | undefined;
  /** Time limit for closing it, in milliseconds, 0 or more; then it is abandoned. Default: `participantTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /**
   * How it is closed: the name of its method, or a function, whose signal aborts when closing is abandoned.
   * Default: the way of the recognised client, otherwise its disposer or its only closing method.
   */
  readonly close?: MethodName<R> | ((resource: R, signal: AbortSignal) => unknown) | undefined;
  /** Names of resources that must be closed before it, regardless of priorities. Default: none. */
  readonly after?: readonly string[] | undefined;
}

/** A registered resource. */
export interface ResourceInfo {
  readonly name: string;
  readonly type: ResourceType;
  readonly priority: number;
  readonly after: readonly string[];
  /** How it is closed: `pg Pool`, `close()`. */
  readonly closedBy: string;
  /** Source location of its registration. */
  readonly registeredAt: string;
  /** Number of its connections in use, if the client exposes it. */
  readonly busy?: number;
}
