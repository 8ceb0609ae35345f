import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { SERVER_OF_MICROSERVICE } from '../../microservices/message-probes.js';
import { MessageServerParticipant } from '../../microservices/message-server-participant.js';
import { CustomTransport } from '../../microservices/custom-transport.js';
import { blindSpotOf, transportName, transportOf } from '../../microservices/transports.js';
import { ListeningSocket } from '../../http/listening-socket.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { streamLimitMs } from '../../sse/stream-policy.js';
import { systemClock } from '../../util/clock.js';
import { callMethod, classNameOf, hasMethod, hasMethods, isObject, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { withCallSites } from '../../util/stack.js';
import { UniqueNames } from '../../util/unique-names.js';
import { JoinedHandlers } from './joined-handlers.js';
import { MessageClients } from './message-clients.js';
import { isTracked } from '../decorators/track-task.decorator.js';
import type { ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { MessageServer } from '../../microservices/message-server.js';
import type { CloseListener } from '../../microservices/transport.js';
import type { MessageErrors } from '../../microservices/transports.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';
import type { ProbeCheck } from '../../util/probe.js';

/** Before Nest's own teardown, like the HTTP servers. */
const PRIORITY = Number.MAX_VALUE / 2;

/** Metadata of Nest on the methods that handle messages. */
const PATTERN = 'microservices:pattern';

/** What an application is told of its microservices. */
export interface MicroserviceCallbacks {
  /** Called when one of them listens. */
  onListening(this: void): void;
  /** Called when Nest closes a microservice, before it closes the server. */
  onServerClose(this: void): void;
}

/** Finds the servers of an application's microservices, and has each take part in its shutdown. */
export class Microservices {
  readonly #coordinator: PhasedCoordinator;
  readonly #options: ResolvedOptions;
  readonly #modules: ModulesContainer;
  readonly #tasks: BackgroundTasks;
  readonly #probes: ProbeCheck;
  readonly #callbacks: MicroserviceCallbacks;
  readonly #participants = new Map<object, MessageServerParticipant>();
  readonly #joined: JoinedHandlers;
  readonly #clients = new MessageClients();
  readonly #names = new UniqueNames();
  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  readonly #restore: (() => void)[] = [];
  readonly #hints: string[] = [];
  readonly #isToldByContainer: boolean;

  constructor(
    coordinator: PhasedCoordinator,
    options: ResolvedOptions,
    modules: ModulesContainer,
    tasks: BackgroundTasks,
    probes: ProbeCheck,
    callbacks: MicroserviceCallbacks,
  ) {
    this.#modules = modules;
    this.#tasks = tasks;
    this.#coordinator = coordinator;
    this.#options = options;
    this.#probes = probes;
    this.#joined = new JoinedHandlers(probes);
    this.#callbacks = callbacks;
    // Nest registers a server before its handlers. Before 11.1.4 it does not: see `findIn`.
    this.#isToldByContainer = hasMethods(modules, ['getRpcTargetRegistry']);
    if (!this.#isToldByContainer) return;
    const registry = modules.getRpcTargetRegistry<MessageServer>().subscribe((server) => this.#add(server));
    this.#restore.push(() => registry.unsubscribe());
  }

  /** Whether the application has any. */
  get areFound(): boolean {
    return this.#participants.size > 0;
  }

  /** Whether any of them has clients to expect. */
  get isListening(): boolean {
    return [...this.#participants.values()].some(({ isListening }) => isListening);
  }

  /**
   * Finds the microservices of an application that was handed over: servers that the container does not know, and handlers that
   * Nest joins.
   */
  findIn(app: object): void {
    const isMicroservice = !hasMethod(app, 'connectMicroservice') && hasMethod(app, 'listen');
    if (isMicroservice) this.#addMicroservice(app);
    for (const microservice of microservicesOf(app)) this.#watchHandlersOf(microservice);
    this.#restore.push(
      overrideMethod(app, 'connectMicroservice', (connect) => (...args) => {
        const microservice = connect(...args);
        this.#addMicroservice(Object(microservice) as object);
        return microservice;
      }),
    );
  }

  /** Watches the clients among these instances: what they ask, a server of this application may have to answer. */
  watchClients(instances: readonly object[]): void {
    if (this.areFound) this.#restore.push(...this.#clients.watch(instances));
  }

  /** Returns the lines to log at boot. */
  hints(): readonly string[] {
    return this.#hints;
  }

  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #addMicroservice(microservice: object): void {
    if (!this.#isToldByContainer && this.#probes.check(SERVER_OF_MICROSERVICE, microservice)) {
      this.#add(read(microservice, 'serverInstance'));
    }
    this.#watchHandlersOf(microservice);
  }

  #watchHandlersOf(microservice: object): void {
    const participant = this.#participants.get(read(microservice, 'serverInstance') as object);
    if (participant) this.#restore.push(...this.#joined.watch(microservice, participant.messages));
  }

  #add(server: unknown): void {
    if (!isMessageServer(server) || this.#participants.has(server)) return;
    const coordinator = this.#coordinator;
    if (coordinator.terminatingReason !== undefined) return;
    const name = transportName(server);
    const participant: MessageServerParticipant = new MessageServerParticipant(server, {
      name: this.#names.take(`${name} microservice`),
      clock: systemClock,
      logger: this.#logger,
      isTerminating: () => coordinator.terminatingReason !== undefined,
      onClosing: () => {
        if (coordinator.terminatingReason === undefined && isClosedByNest()) this.#callbacks.onServerClose();
      },
      released: coordinator.entered('release'),
      onArrival: () => coordinator.arrivals.record(),
      streamLimitMs,
      ownRequests: this.#clients.requestsTo(server),
      blindSpot: () => blindSpotOf(server, this.#probes) ?? this.#joined.blindSpotOf(participant.messages),
    });
    this.#participants.set(server, participant);
    this.#countOnce();
    const closeListener: CloseListener = (listening) => {
      const socket = new ListeningSocket(listening);
      this.#restore.push(() => socket.dispose());
      return socket.close();
    };
    const transport = transportOf(server, participant, this.#errors(), this.#probes, closeListener);
    if (name === 'custom' && !CustomTransport.isSteerable(server)) this.#hints.push(hintFor(server));
    this.#restore.push(
      ...participant.watch(transport),
      overrideMethod(server, 'listen', (listen) => (callback, ...rest) => {
        const onListening = (...results: unknown[]): void => {
          (callback as (...given: unknown[]) => void)(...results);
          if (!results[0]) setImmediate(this.#callbacks.onListening);
        };
        return listen(typeof callback === 'function' ? onListening : callback, ...rest);
      }),
    );
    coordinator.add({
      participant,
      options: { priority: PRIORITY },
      registeredAt: 'GracefulShutdownModule',
      cutsAtOnce: true,
      onForced: () => participant.refuse(),
    });
  }

  /** Handlers with `@TrackTask()` are counted as messages, and not as tasks as well. */
  #countOnce(): void {
    for (const { controllers } of this.#modules.values()) {
      for (const { metatype } of controllers.values()) {
        for (const method of methodsOf(metatype)) {
          if (Reflect.hasMetadata(PATTERN, method) && isTracked(method))
            this.#tasks.countedElsewhere.add(method);
        }
      }
    }
  }

  #errors(): MessageErrors {
    const { lateRequests, lateResponse } = this.#options;
    const error = (message: string): unknown => ({ status: 'error', code: lateResponse.code, message });
    return { late: lateRequests === 'serve' ? undefined : error(lateResponse.message), cut: error };
  }
}

/**
 * Whether the caller is the `close()` of a microservice, which is the first thing that it does. An application may also close
 * the server alone, `app.getTransportServer().close()`.
 */
function isClosedByNest(): boolean {
  return withCallSites(
    (callers) =>
      callers.some(
        (caller) => caller.getTypeName() === 'NestMicroservice' && caller.getFunctionName() === 'close',
      ),
    isClosedByNest,
  );
}

/** Returns the methods of a class, including inherited ones. */
function methodsOf(type: unknown): object[] {
  const methods: object[] = [];
  let owner: unknown = Object(type).prototype;
  for (; isObject(owner) && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value === 'function') methods.push(value);
    }
  }
  return methods;
}

/** The microservices that are connected to an application already. */
function microservicesOf(app: object): readonly object[] {
  const microservices = hasMethod(app, 'getMicroservices') ? callMethod(app, 'getMicroservices') : [];
  return Array.isArray(microservices) ? microservices.filter(isObject) : [];
}

function isMessageServer(server: unknown): server is MessageServer & object {
  return isObject(server) && hasMethods(server, ['addHandler', 'listen', 'close']);
}

function hintFor(strategy: object): string {
  return (
    `The custom strategy ${classNameOf(strategy)} cannot be told to stop receiving: messages that arrive while it drains ` +
    'are still handled, and the last ones may be lost. Give it a method stopIntake(), and startIntake() to undo it.'
  );
}
