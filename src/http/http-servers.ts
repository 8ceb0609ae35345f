import { finishMs, reconnectWindowMs } from '../config/reconnect-window.js';
import { HEADER_ON_RESPONSE } from '../sse/sse-probes.js';
import { isEventStream } from '../sse/event-stream.js';
import { EventStreams } from '../sse/event-streams.js';
import { StreamPolicies } from '../sse/stream-policy.js';
import { blindSpotOf, checkNode } from './check-server.js';
import { requestPath } from './request-path.js';
import { sampleResponse } from './samples.js';
import { HttpServerParticipant } from './http-server-participant.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { AnyHttpServer } from './any-http-server.js';
import type { Connection } from './connection.js';
import type { HttpServerDependencies } from './http-server-options.js';

/** How long the end of a drain waits for connections that have not sent a whole request, in milliseconds. */
const FIRST_REQUEST_BUDGET_MS = 500;

/** Before Nest's own teardown. */
const HTTP_PRIORITY = Number.MAX_VALUE / 2;

/** What the servers need of the program that they are part of. */
export interface HttpServersDependencies {
  readonly clock: Clock;
  readonly coordinator: PhasedCoordinator;
  readonly options: ResolvedOptions;
  readonly probes: ProbeCheck;
  /** Which routes are special. */
  readonly routes: {
    isExempt(method: string, path: string): boolean;
    refuses(request: IncomingMessage, response: ServerResponse): boolean;
  };
  /** Who registers them. */
  readonly registeredAt: string;
}

/** What tells the requests of one server from others. */
export interface HttpServerTraits extends Pick<
  HttpServerDependencies,
  'routePattern' | 'blindSpot' | 'cors'
> {
  /** Where it was registered in the source; default: as all servers of the program. */
  readonly registeredAt?: string;
}

/** All HTTP servers of a program, with their event streams: each takes part in its shutdown. */
export class HttpServers {
  /** Whether a request belongs to a connection of several: those that socket.io polls with. */
  continues: (request: IncomingMessage) => boolean = () => false;
  /** Whether upgraded connections are told to leave elsewhere. */
  isSeenOff: (connection: Connection) => boolean = () => false;
  /** Hears of every connection that is about to be handed over to another protocol. */
  onUpgrade: (connection: Connection, request: IncomingMessage) => void = () => {};

  readonly #dependencies: HttpServersDependencies;
  readonly #participants = new Map<AnyHttpServer, HttpServerParticipant>();
  readonly #eventStreams: EventStreams;

  constructor(dependencies: HttpServersDependencies) {
    const { clock, options } = dependencies;
    this.#dependencies = dependencies;
    const policies = new StreamPolicies(options.eventStreams);
    this.#eventStreams = new EventStreams({
      clock,
      farewell: options.lateResponse,
      finishLimitMs: (response) => policies.finishLimitMs(response, requestPath(response.req)),
      requests: () => [...this.#participants.values()].flatMap(({ requests }) => [...requests]),
      times: (context) => ({
        windowMs: reconnectWindowMs(options, context),
        finishMs: finishMs(options, context),
      }),
    });
  }

  /** Whether any of them has clients to expect. */
  get isListening(): boolean {
    return [...this.#participants.values()].some(({ isListening }) => isListening);
  }

  /** Whether anybody listens for requests for another protocol. */
  get upgrades(): boolean {
    return [...this.#participants.keys()].some((server) => server.listenerCount('upgrade') > 0);
  }

  /** The connections that were handed over to another protocol. */
  upgraded(): Connection[] {
    return [...this.#participants.values()].flatMap((participant) => participant.upgraded());
  }

  /** Drains a server from now on; nothing happens when that is so already, or a shutdown is under way that cannot be undone. */
  add(server: AnyHttpServer, name: string, traits: HttpServerTraits = {}): void {
    const { clock, coordinator, options, probes, routes } = this.#dependencies;
    const { registeredAt = this.#dependencies.registeredAt, ...requestTraits } = traits;
    if (coordinator.terminatingReason !== undefined || this.#participants.has(server)) return;
    if (this.#participants.size === 0) {
      checkNode(probes);
      this.#addEventStreams();
    }
    const { lateRequests, lateResponse, stopListeningAt, stallTimeoutMs } = options;
    const participant = new HttpServerParticipant(server, {
      ...requestTraits,
      name,
      probes,
      blindSpot: () => traits.blindSpot?.() ?? blindSpotOf(probes, server),
      clock,
      lateRequests,
      lateResponse,
      stopListeningAt,
      firstRequestBudgetMs: FIRST_REQUEST_BUDGET_MS,
      stallTimeoutMs: stallTimeoutMs || Infinity,
      isExempt: (method, path) => routes.isExempt(method, path),
      continues: (request) => this.continues(request),
      isSeenOff: (connection) => this.isSeenOff(connection),
      onUpgrade: (connection, request) => this.onUpgrade(connection, request),
      tunnelTimes: (context) => ({
        windowMs: reconnectWindowMs(options, context),
        finishMs: finishMs(options, context),
        closeCode: options.webSocketCloseCode,
      }),
      answer: (request, response) => routes.refuses(request, response),
      onArrival: () => coordinator.arrivals.record(),
      onAccepted: this.#eventStreams.onAccepted,
      refuse: this.#eventStreams.refuse,
      isStream: isEventStream,
    });
    this.#participants.set(server, participant);
    // The listener is closed before Nest tears down what late requests are answered with.
    coordinator.add({ participant, options: { priority: HTTP_PRIORITY }, registeredAt, cutsAtOnce: true });
  }

  /** Leaves the servers as they were before. */
  dispose(): void {
    this.#eventStreams.dispose();
    for (const participant of this.#participants.values()) participant.dispose();
  }

  #addEventStreams(): void {
    const { coordinator, probes, registeredAt } = this.#dependencies;
    probes.check(HEADER_ON_RESPONSE, sampleResponse());
    coordinator.add({
      participant: this.#eventStreams,
      // Before the servers: a stream that has to end this instant is told so before it is cut.
      options: { priority: Number.MAX_VALUE },
      registeredAt,
    });
  }
}
