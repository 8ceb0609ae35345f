import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { ShutdownContext } from '../core/participant.js';
import type { AcceptedRequest } from './accepted-requests.js';
import type { Connection } from './connection.js';
import type { TunnelTimes } from './tunnels.js';

/** What a request that came too late is told. */
export interface LateResponse {
  /** The body's `code`. */
  readonly code: string;
  /** The body's `message`. */
  readonly message: string;
  /** The `Retry-After` header, in whole seconds. */
  readonly retryAfterSeconds: number;
}

/** How a server takes part in a shutdown; resolved, without defaults of its own. */
export interface HttpServerDependencies {
  /** Shown in logs, metrics and the report. Default: `HTTP server`. */
  readonly name?: string;
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  /** What could be lost unseen, in words; asked at the end of `drain`, which fails for it. */
  blindSpot?(this: void): string | undefined;
  /** Whether requests that arrive in or after `quiesce` are refused or served. */
  readonly lateRequests: 'reject' | 'serve';
  readonly lateResponse: LateResponse;
  /** Routes that are served to the end, however late, and that are no sign of traffic: health, metrics, administration. */
  isExempt(this: void, method: string, path: string): boolean;
  /** Whether a request belongs to something that was begun before, and can only end with more of them: it is not late. */
  continues?(this: void, request: IncomingMessage): boolean;
  /** Whether the application may ask itself something while its port is closed already; default: not. */
  readonly hasSideDoor?: boolean;
  /** Answers a request from `announce` on in the application's place, if it wants to; tells whether it did. */
  answer?(this: void, request: IncomingMessage, response: ServerResponse): boolean;
  /**
   * Has the application's CORS act on a late request; calls `refuse`, and says whether the application has any, unless it
   * has answered the request, as it does a preflight.
   */
  cors?(
    this: void,
    request: IncomingMessage,
    response: ServerResponse,
    refuse: (isCorsDone: boolean) => void,
  ): void;
  /**
   * Refuses a late request otherwise than with 503, if it wants to; tells whether it did.
   *
   * @param isCorsDone whether the response has the CORS headers of the application
   */
  refuse?(this: void, request: IncomingMessage, response: ServerResponse, isCorsDone: boolean): boolean;
  /** How tunnels end that do not end by themselves; default: they are cut at the end of the drain. */
  tunnelTimes?(this: void, context: ShutdownContext): TunnelTimes;
  /** Whether a connection that was upgraded is seen off by another participant, and no work of this one's. */
  isSeenOff?(this: void, connection: Connection): boolean;
  /** Hears of every connection that is about to be handed over to another protocol. */
  onUpgrade?(this: void, connection: Connection, request: IncomingMessage): void;
  /** The pattern of the route that a request for `path` is being served by, where that is known: `/orders/:id`. */
  routePattern?(this: void, request: IncomingMessage, path: string): string | undefined;
  /** Hears of every request from `announce` on that is not exempt. */
  onArrival(this: void): void;
  /** Hears of every request that is accepted from `announce` on, those that were in flight by then included. */
  onAccepted?(this: void, request: AcceptedRequest): void;
  /** Called for the response of every request that is cut. */
  onCut?(this: void, response: ServerResponse): void;
  /** Whether a response is a stream, and is called that when it is cut; default: none is. */
  isStream?(this: void, response: ServerResponse): boolean;
  /**
   * How long, in milliseconds, closing the listener waits for connections that have sent no request, half of one, or one
   * that was refused as late; at most a twentieth of the time left.
   */
  readonly firstRequestBudgetMs: number;
  /** How long, in milliseconds, a transfer may wait for its client without a byte before it is cut; `Infinity`: to the end. */
  readonly stallTimeoutMs: number;
  /**
   * When the listener closes: `announce` lets a watcher start the next process at once, `quiesce` leaves a port that is
   * shared to the others before a request can be late.
   */
  readonly stopListeningAt: 'announce' | 'quiesce' | 'drain';
  /** How long the shutdown announces, in milliseconds; without that, a shared port is left at the trigger. Default: 0. */
  announceDelayMs?(this: void): number;
}
