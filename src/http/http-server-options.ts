import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { ShutdownContext } from '../core/participant.js';
import type { AcceptedRequest } from './accepted-requests.js';
import type { Connection } from './connection.js';
import type { TunnelTimes } from './tunnels.js';

/** The response to a late request. */
export interface LateResponse {
  /** The body's `code`. */
  readonly code: string;
  /** The body's `message`. */
  readonly message: string;
  /** The `Retry-After` header, in whole seconds. */
  readonly retryAfterSeconds: number;
}

/** Dependencies of an HTTP server's participant. */
export interface HttpServerDependencies {
  /** Shown in logs, metrics and the report. Default: `HTTP server`. */
  readonly name?: string;
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  /** Describes what may be lost unnoticed; called at the end of `drain`, which fails with this description. */
  blindSpot?(this: void): string | undefined;
  /** Whether requests that arrive in or after `quiesce` are refused or served. */
  readonly lateRequests: 'reject' | 'serve';
  readonly lateResponse: LateResponse;
  /** Whether a route is served to the end and is no sign of traffic: health, metrics, administration. */
  isExempt(this: void, method: string, target: string): boolean;
  /** Whether a request continues earlier work that cannot end without it, so that it is never late. */
  continues?(this: void, request: IncomingMessage): boolean;
  /** Whether the application can send requests to itself after its port has closed. Default: false. */
  readonly hasSideDoor?: boolean;
  /** May answer a request, from `announce` on, instead of the application; returns whether it did. */
  answer?(this: void, request: IncomingMessage, response: ServerResponse): boolean;
  /**
   * Applies the application's CORS to a late request. Calls `refuse`, with whether CORS was applied, unless CORS has
   * answered the request, as it does with a preflight.
   */
  cors?(
    this: void,
    request: IncomingMessage,
    response: ServerResponse,
    refuse: (isCorsDone: boolean) => void,
  ): void;
  /**
   * May refuse a late request with something other than 503; returns whether it did.
   *
   * @param isCorsDone whether the response has the CORS headers of the application
   */
  refuse?(this: void, request: IncomingMessage, response: ServerResponse, isCorsDone: boolean): boolean;
  /** Returns when tunnels are ended. Default: they are cut at the end of the drain. */
  tunnelTimes?(this: void, context: ShutdownContext): TunnelTimes;
  /** Whether another participant ends this upgraded connection, so that it is not work of this one. */
  isEndedElsewhere?(this: void, connection: Connection): boolean;
  /** Called before a connection is upgraded to another protocol. */
  onUpgrade?(this: void, connection: Connection, request: IncomingMessage): void;
  /** Returns the pattern of the route that serves a request for `path`, if known: `/orders/:id`. */
  routePattern?(this: void, request: IncomingMessage, path: string): string | undefined;
  /** Called for every request, from `announce` on, that is not exempt. */
  onArrival(this: void): void;
  /** Called for every request that is in flight at `announce` or accepted later. */
  onAccepted?(this: void, request: AcceptedRequest): void;
  /** Called for every such request when the last byte of its response is sent, or its connection is closed. */
  onFinished?(this: void, request: AcceptedRequest): void;
  /** Called with the response of every request that is cut. */
  onCut?(this: void, response: ServerResponse): void;
  /** Called with the response of every request that is cut because its client has stalled. */
  onStalled?(this: void, response: ServerResponse): void;
  /** Whether a response is a stream, for the report of a cut. Default: false. */
  isStream?(this: void, response: ServerResponse): boolean;
  /**
   * How long, in milliseconds, closing the listener waits for connections without a request, with part of a request, or
   * with a refused request; at most a twentieth of the time left.
   */
  readonly firstRequestBudgetMs: number;
  /** The least rate, in bytes per second, at which clients may read and send without using up their budget; 0: none. */
  readonly minClientBytesPerSecond: number;
  /**
   * When the listener closes. With `announce`, a watcher can start the next process immediately. With `quiesce`, a shared
   * port is left to other processes before a request can be late.
   */
  readonly stopListeningAt: 'announce' | 'quiesce' | 'drain';
  /** Returns how long the shutdown announces, in milliseconds. With 0, the default, a shared port is left at the trigger. */
  announceDelayMs?(this: void): number;
}
