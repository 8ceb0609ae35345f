import 'reflect-metadata';
import { ApplicationConfig } from '@nestjs/core';
import { reconnectWindowMs } from '../../config/reconnect-window.js';
import { systemClock } from '../../util/clock.js';
import { isBegunPromise } from '../../util/thenable.js';
import { bytesSentOn } from '../../http/socket-bytes.js';
import { checkClients } from '../../websockets/check-clients.js';
import { Messages } from '../../websockets/messages.js';
import { isWsServer, SocketServers } from '../../websockets/socket-servers.js';
import {
  HTTP_SERVER_OF_WS,
  REQUEST_OF_POLLING,
  SERVER_OF_GATEWAY,
} from '../../websockets/web-socket-probes.js';
import {
  ADAPTER_OF_GATEWAYS,
  GATEWAY,
  GATEWAY_METADATA,
  HTTP_SERVER_ON_PORT,
  METHODS_OF_ADAPTER,
} from './gateway-probes.js';
import { HeardSockets } from '../../websockets/heard-sockets.js';
import { webSocketOn } from '../../websockets/web-socket.js';
import { WebSocketsParticipant } from '../../websockets/web-sockets-participant.js';
import { counted } from './counted-messages.js';
import { classNameOf } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { SocketMessages } from '../../websockets/messages.js';
import type { RepliesTo } from './counted-messages.js';
import type { HttpServers } from '../../http/http-servers.js';

/** The port that Nest uses to denote the application's own server. */
const UNDERLYING = 0;
/** Query parameter in handshakes of socket.io clients. */
const OF_SOCKET_IO = /[?&]EIO=/;
const GATEWAY_HOOKS = ['handleConnection', 'handleDisconnect'] as const;

/** The application's HTTP servers, to which the servers of gateways are added. */
export interface GatewayServers {
  readonly servers: HttpServers;
  /** Adds a server that a gateway has opened; does nothing for Nest's own. */
  add(server: unknown, name: string): void;
}

/** The part of a client that is used here: a WebSocket of `ws`, or a socket of socket.io. */
interface Client {
  readonly conn?: object;
  readonly nsp?: { readonly name?: string };
}

/**
 * Connects the gateways of an application, if it has any, to the shutdown.
 *
 * Nest gets the adapter from its configuration before it connects the first gateway, and again for each client. The
 * adapter is wrapped on that occasion: during init, and never per message.
 */
export class WebSocketBinding {
  readonly #coordinator: PhasedCoordinator;
  readonly #http: GatewayServers;
  readonly #modules: ModulesContainer;
  readonly #probes: ProbeCheck;
  readonly #messages = new Messages();
  readonly #heard = new HeardSockets(systemClock);
  readonly #servers = new SocketServers(this.#messages, this.#heard);
  readonly #participant: WebSocketsParticipant;
  readonly #adapters = new WeakSet<object>();
  readonly #restore: (() => void)[] = [];
  #isAdded = false;
  #hasAdapter = false;

  constructor(
    coordinator: PhasedCoordinator,
    options: ResolvedOptions,
    modules: ModulesContainer,
    moduleRef: ModuleRef,
    http: GatewayServers,
    probes: ProbeCheck,
  ) {
    this.#coordinator = coordinator;
    this.#http = http;
    this.#modules = modules;
    this.#probes = probes;
    this.#participant = new WebSocketsParticipant({
      clock: systemClock,
      closeCode: options.webSocketCloseCode,
      messages: this.#messages,
      blindSpot: () =>
        probes.missing(
          ADAPTER_OF_GATEWAYS,
          METHODS_OF_ADAPTER,
          GATEWAY_METADATA,
          SERVER_OF_GATEWAY,
          REQUEST_OF_POLLING,
        ),
      heard: this.#heard,
      open: () => this.#servers.open(http.servers.upgraded()),
      bytesSentOn,
      minBytesPerSecond: options.minClientBytesPerSecond,
      windowMs: (context) => reconnectWindowMs(options, context),
    });
    http.servers.onUpgrade = (connection, { url = '' }) => {
      if (!OF_SOCKET_IO.test(url)) this.#heard.await(connection);
    };
    http.servers.isEndedElsewhere = ({ socket }) => webSocketOn(socket) !== undefined;
    http.servers.continues = (request) => this.#servers.continues(request);
    // By then, code that upgrades connections without a gateway has added its listener.
    this.#restore.push(
      coordinator.observe(({ type }) => {
        if (type !== 'announced' && type !== 'terminating') return;
        if (http.servers.upgrades) this.#addParticipant();
        checkClients(probes, this.#servers, http.servers.upgraded());
      }),
    );
    const configuration = moduleRef.get(ApplicationConfig, { strict: false });
    this.#restore.push(
      overrideMethod(configuration, 'getIoAdapter', (getIoAdapter) => () => {
        const adapter = getIoAdapter();
        if (typeof adapter === 'object' && adapter !== null) this.#adopt(adapter);
        return adapter;
      }),
    );
  }

  /** Call it when the gateways are connected. */
  checkRecognised(): void {
    if (gatewaysOf(this.#modules).length === 0 || this.#probes.check(ADAPTER_OF_GATEWAYS, this.#hasAdapter))
      return;
    this.#addParticipant();
  }

  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #adopt(adapter: object): void {
    if (this.#adapters.has(adapter)) return;
    this.#adapters.add(adapter);
    this.#hasAdapter = true;
    this.#watchGateways();
    if (!this.#probes.check(METHODS_OF_ADAPTER, adapter)) this.#addParticipant();
    this.#restore.push(
      overrideMethod(adapter, 'create', (create) => (port, ...rest) => {
        const server = create(port, ...rest);
        this.#addParticipant();
        this.#checkServer(adapter, port, server);
        const below = this.#servers.add(server) ?? serverOnPort(adapter, port);
        this.#http.add(below, `HTTP server on port ${String(port)}`);
        return server;
      }),
      overrideMethod(adapter, 'bindMessageHandlers', (bind) => (client, handlers, repliesTo) => {
        this.#participant.onConnected();
        this.#heard.forget(Object(client) as object);
        return bind(client, handlers, counted(repliesTo as RepliesTo, this.#messagesOf(client as Client)));
      }),
    );
  }

  #checkServer(adapter: object, port: unknown, server: unknown): void {
    this.#probes.check(GATEWAY_METADATA, gatewaysOf(this.#modules));
    if (!this.#probes.check(SERVER_OF_GATEWAY, server) || !isWsServer(server) || port === UNDERLYING) return;
    if (server.options?.noServer === true) this.#probes.check(HTTP_SERVER_ON_PORT, { adapter, port });
    else this.#probes.check(HTTP_SERVER_OF_WS, server);
  }

  #messagesOf(client: Client): SocketMessages {
    return this.#messages.of(client.conn ?? client, client.nsp?.name);
  }

  /** Tracks the client hooks of gateways. Nest binds them when it connects the gateway, and discards their results. */
  #watchGateways(): void {
    for (const instance of gatewaysOf(this.#modules)) {
      for (const hook of GATEWAY_HOOKS) {
        if (typeof Reflect.get(instance, hook) !== 'function') continue;
        const name = `${classNameOf(instance)}.${hook}`;
        this.#restore.push(
          overrideMethod(instance, hook, (call) => (...args) => {
            const result = call(...args);
            return isBegunPromise(result) ? this.#participant.track(name, Promise.resolve(result)) : result;
          }),
        );
      }
    }
  }

  #addParticipant(): void {
    if (this.#isAdded) return;
    this.#isAdded = true;
    this.#coordinator.add({
      participant: this.#participant,
      // Before the HTTP servers, so that sockets are cut by name.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
      cutsAtOnce: true,
      onForced: () => this.#participant.refuse(),
    });
  }
}

/** Returns the static instances; request-scoped ones do not exist yet. */
function gatewaysOf(modules: ModulesContainer): object[] {
  return [...modules.values()]
    .flatMap(({ providers }) => [...providers.values()])
    .filter(({ metatype }) => typeof metatype === 'function' && Reflect.hasMetadata(GATEWAY, metatype))
    .map(({ instance }): unknown => instance)
    .filter((instance) => typeof instance === 'object' && instance !== null);
}

/** Returns the server that several gateways share on one port, which Nest's adapter for `ws` keeps by port. */
function serverOnPort(adapter: object, port: unknown): unknown {
  const { httpServersRegistry } = adapter as { readonly httpServersRegistry?: unknown };
  return httpServersRegistry instanceof Map ? httpServersRegistry.get(port) : undefined;
}
