import { finishMs, reconnectWindowMs } from '../config/reconnect-window.js';
import { HEADER_ON_RESPONSE } from '../sse/sse-probes.js';
import { isEventStream } from '../sse/event-stream.js';
import { EventStreams } from '../sse/event-streams.js';
import { StreamPolicies } from '../sse/stream-policy.js';
import { blindSpotOf, checkNode } from './check-server.js';
import { isClaimed } from './claim.js';
import { targetOf } from './request-path.js';
import { SelfCalls } from './self-calls.js';
import { LateRequests } from './late-requests.js';
import { ListenerParticipant } from './listener-participant.js';
import { sampleResponse } from './samples.js';
import { UniqueNames } from '../util/unique-names.js';
import { STRICT_PATHS, type PathRules } from '../util/request-path.js';
import { hasBegun } from '../core/phase.js';
import { HttpServerParticipant } from './http-server-participant.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { AcceptedRequest } from './accepted-requests.js';
import type { AnyHttpServer } from './any-http-server.js';
import type { Connection } from './connection.js';
import type { HttpServerDependencies } from './http-server-options.js';

/** How long the end of a drain waits for connections that have not sent a whole request, in milliseconds. */
const FIRST_REQUEST_BUDGET_MS = 500;

/** Before Nest's own teardown. */
const HTTP_PRIORITY = Number.MAX_VALUE / 2;

/** After the servers, and before Nest's own teardown. */
export const LATE_PRIORITY = HTTP_PRIORITY / 2;

/** Dependencies of {@link HttpServers}. */
export interface HttpServersDependencies {
  readonly clock: Clock;
  readonly coordinator: PhasedCoordinator;
  readonly options: ResolvedOptions;
  readonly probes: ProbeCheck;
  /** The special routes. */
  readonly routes: {
    isExempt(method: string, target: string): boolean;
    refuses(request: IncomingMessage, response: ServerResponse): boolean;
  };
  /** What registers the servers, for messages about them. */
  readonly registeredAt: string;
}

/** Settings of a single server. */
export interface HttpServerTraits extends Pick<HttpServerDependencies, 'blindSpot'> {
  /** Source location of the registration. Default: that of all servers of the program. */
  readonly registeredAt?: string;
}

/** The HTTP servers of a program, with their event streams. Each server is a participant of the shutdown. */
export class HttpServers {
  /** Whether a request is part of a connection that takes several requests, such as socket.io's polling. */
  continues: (request: IncomingMessage) => boolean = () => false;
  /** Whether another participant ends an upgraded connection. */
  isEndedElsewhere: (connection: Connection) => boolean = () => false;
  /** Returns how the engine of the servers reads paths. */
  pathRules: () => PathRules = () => STRICT_PATHS;
  /** Returns the pattern of the route that serves a request, if known. */
  routePattern: NonNullable<HttpServerDependencies['routePattern']> = () => undefined;
  /** Applies the application's CORS to a late request before it is refused. */
  cors: NonNullable<HttpServerDependencies['cors']> = (_request, _response, refuse) => refuse(false);
  /** Called with the response of every request that is cut because its client has stalled. */
  onStalled: (response: ServerResponse) => void = () => {};
  /** Called before a connection is upgraded to another protocol. */
  onUpgrade: (connection: Connection, request: IncomingMessage) => void = () => {};

  readonly #dependencies: HttpServersDependencies;
  readonly #participants = new Map<AnyHttpServer, HttpServerParticipant>();
  readonly #listeners = new Map<NetServer, ListenerParticipant>();
  readonly #names = new UniqueNames();
  readonly #eventStreams: EventStreams;
  readonly #selfCalls: SelfCalls;
  readonly #late = new WeakSet<IncomingMessage>();
  readonly #cut = new WeakSet<IncomingMessage>();
  readonly #lateRequests: LateRequests;
  #isPrepared = false;

  constructor(dependencies: HttpServersDependencies) {
    const { clock, options } = dependencies;
    this.#dependencies = dependencies;
    this.#selfCalls = new SelfCalls(dependencies.probes, clock);
    this.#lateRequests = new LateRequests({
      requests: this.#requests,
      routePattern: (request, path) => this.routePattern(request, path),
    });
    const policies = new StreamPolicies(options.eventStreams);
    this.#eventStreams = new EventStreams({
      clock,
      farewell: options.lateResponse,
      finishLimitMs: (response) => policies.finishLimitMs(response, targetOf(response.req), this.pathRules()),
      requests: this.#requests,
      times: (context) => ({
        windowMs: reconnectWindowMs(options, context),
        finishMs: finishMs(options, context),
      }),
    });
  }

  /** Whether clients can connect to any of the servers. */
  get isListening(): boolean {
    return [...this.#participants.values(), ...this.#listeners.values()].some(
      ({ isListening }) => isListening,
    );
  }

  /** Whether any server has a listener for upgrades. */
  get upgrades(): boolean {
    return [...this.#participants.keys()].some((server) => server.listenerCount('upgrade') > 0);
  }

  /** Returns the connections that were upgraded to another protocol. */
  upgraded(): Connection[] {
    return [...this.#participants.values()].flatMap((participant) => participant.upgraded());
  }

  /** Returns whether `server` has been added. */
  has(server: NetServer): boolean {
    return this.#participants.has(server as AnyHttpServer) || this.#listeners.has(server);
  }

  /** Returns a unique name for a server that was added without one. */
  nameFor(name: string): string {
    return this.#names.take(name);
  }

  /** Adds a server to drain. Does nothing if it was added before, or if the shutdown can no longer be undone. */
  add(server: AnyHttpServer, name: string, traits: HttpServerTraits = {}): void {
    const { coordinator } = this.#dependencies;
    if (coordinator.terminatingReason !== undefined || this.has(server)) return;
    this.#prepare();
    const participant = new HttpServerParticipant(server, this.#dependenciesOf(server, name, traits));
    this.#register(participant, traits);
    this.#participants.set(server, participant);
  }

  /** Adds a server of another protocol: it listens until the end of the drain, and its connections are not drained. */
  addListener(server: NetServer, name: string, traits: Pick<HttpServerTraits, 'registeredAt'>): void {
    const { stopListeningAt } = this.#dependencies.options;
    const participant = new ListenerParticipant(server, { name, stopListeningAt });
    this.#register(participant, traits);
    this.#listeners.set(server, participant);
  }

  /** Returns whether a request arrived in or after `quiesce`, so that its server awaits it in `release`. */
  isLate(request: IncomingMessage): boolean {
    return this.#late.has(request);
  }

  /** Returns whether the server of a request has cut it. */
  isCut(request: IncomingMessage): boolean {
    return this.#cut.has(request);
  }

  /** Returns whether a request has arrived at a server that another program in this process drains. */
  isOfOther({ socket }: IncomingMessage): boolean {
    const { server } = socket as Socket & { readonly server?: NetServer };
    return server !== undefined && !this.has(server) && isClaimed(server);
  }

  /** Restores the servers. */
  dispose(): void {
    this.#eventStreams.dispose();
    for (const participant of [...this.#participants.values(), ...this.#listeners.values()]) {
      participant.dispose();
    }
  }

  #register(participant: HttpServerParticipant | ListenerParticipant, traits: HttpServerTraits): void {
    const { coordinator, registeredAt } = this.#dependencies;
    try {
      coordinator.add({
        participant,
        // Closes the listener before Nest tears down what late requests need.
        options: { priority: HTTP_PRIORITY },
        registeredAt: traits.registeredAt ?? registeredAt,
        cutsAtOnce: true,
        onForced: () => participant.refuse(),
      });
    } catch (error) {
      participant.dispose();
      throw error;
    }
  }

  #dependenciesOf(
    server: AnyHttpServer,
    name: string,
    { blindSpot }: HttpServerTraits,
  ): HttpServerDependencies {
    const { clock, coordinator, options, probes, routes } = this.#dependencies;
    const { lateRequests, lateResponse, stopListeningAt, minClientBytesPerSecond } = options;
    return {
      name,
      probes,
      blindSpot: () => blindSpot?.() ?? blindSpotOf(probes, server),
      clock,
      lateRequests,
      lateResponse,
      stopListeningAt,
      announceDelayMs: () => coordinator.announceDelayMs,
      firstRequestBudgetMs: FIRST_REQUEST_BUDGET_MS,
      minClientBytesPerSecond,
      isExempt: (method, target) => routes.isExempt(method, target),
      continues: (request) => this.continues(request) || this.#isAcceptedSelfCall(request),
      hasSideDoor: !options.inTests,
      isEndedElsewhere: (connection) => this.isEndedElsewhere(connection),
      onUpgrade: (connection, request) => this.onUpgrade(connection, request),
      routePattern: (request, path) => this.routePattern(request, path),
      cors: (request, response, refuse) => this.cors(request, response, refuse),
      tunnelTimes: (context) => ({
        windowMs: reconnectWindowMs(options, context),
        finishMs: finishMs(options, context),
        closeCode: options.webSocketCloseCode,
      }),
      answer: (request, response) => routes.refuses(request, response),
      onArrival: () => coordinator.arrivals.record(),
      onAccepted: this.#onAccepted,
      onFinished: this.#lateRequests.onFinished,
      onCut: ({ req }) => void this.#cut.add(req),
      onStalled: (response) => this.onStalled(response),
      refuse: this.#eventStreams.refuse,
      isStream: isEventStream,
    };
  }

  /** A request of the application to itself is part of accepted work. In tests, other clients are in this process, too. */
  #isAcceptedSelfCall(request: IncomingMessage): boolean {
    const { coordinator, options } = this.#dependencies;
    return !options.inTests && hasBegun('quiesce', coordinator.state) && this.#selfCalls.includes(request);
  }

  readonly #requests = (): AcceptedRequest[] =>
    [...this.#participants.values()].flatMap(({ requests }) => [...requests]);

  readonly #onAccepted = (request: AcceptedRequest): void => {
    if (request.isLate) this.#late.add(request.response.req);
    this.#eventStreams.onAccepted(request);
  };

  #prepare(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    const { coordinator, options, probes, registeredAt } = this.#dependencies;
    checkNode(probes);
    probes.check(HEADER_ON_RESPONSE, sampleResponse());
    coordinator.add({
      participant: this.#eventStreams,
      // Before the servers, so that a stream that must end immediately gets a last event before it is cut.
      options: { priority: Number.MAX_VALUE },
      registeredAt,
    });
    if (options.lateRequests !== 'serve') return;
    // After the servers, when no request can begin any more.
    coordinator.add({
      participant: this.#lateRequests,
      options: { priority: LATE_PRIORITY },
      registeredAt,
      cutsAtOnce: true,
    });
  }
}
