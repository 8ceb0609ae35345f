import 'reflect-metadata';
import { reconnectWindowMs } from '../../config/reconnect-window.js';
import { systemClock } from '../../util/clock.js';
import { isThenable } from '../../util/thenable.js';
import { bytesSentOn } from '../../http/socket-bytes.js';
import { HeardSockets } from '../../websockets/heard-sockets.js';
import { Messages } from '../../websockets/messages.js';
import { SocketServers } from '../../websockets/socket-servers.js';
import { webSocketOn } from '../../websockets/web-socket.js';
import { WebSocketsParticipant } from '../../websockets/web-sockets-participant.js';
import { counted } from './counted-messages.js';
import { overrideMethod } from '../../util/override-method.js';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { SocketMessages } from '../../websockets/messages.js';
import type { RepliesTo } from './counted-messages.js';
import type { HttpServers } from '../../http/http-servers.js';

/** What `@WebSocketGateway()` marks a class with. */
const GATEWAY = 'websockets:is_gateway';
/** What clients of socket.io have in the query of a handshake. */
const OF_SOCKET_IO = /[?&]EIO=/;
const GATEWAY_HOOKS = ['handleConnection', 'handleDisconnect'] as const;

/** The application's HTTP servers, to which gateways add theirs. */
export interface GatewayServers {
  readonly servers: HttpServers;
  /** Drains a server that a gateway has opened, unless it is Nest's own. */
  add(server: unknown, name: string): void;
}

/** What is read of a client: a WebSocket of `ws`, or a socket of socket.io. */
interface Client {
  readonly conn?: object;
  readonly nsp?: { readonly name?: string };
}

/**
 * The application's gateways, where it has any.
 *
 * Nest asks its configuration for the adapter before it connects the first gateway, and for each client again. That is
 * where what it gets is wrapped: at init, and never for a message.
 */
export class WebSocketBinding {
  readonly #coordinator: PhasedCoordinator;
  readonly #http: GatewayServers;
  readonly #modules: ModulesContainer;
  readonly #messages = new Messages();
  readonly #heard = new HeardSockets(systemClock);
  readonly #servers = new SocketServers(this.#messages, this.#heard);
  readonly #participant: WebSocketsParticipant;
  readonly #adapters = new WeakSet<object>();
  readonly #restore: (() => void)[] = [];
  #isAdded = false;

  constructor(
    coordinator: PhasedCoordinator,
    options: ResolvedOptions,
    modules: ModulesContainer,
    moduleRef: ModuleRef,
    http: GatewayServers,
  ) {
    this.#coordinator = coordinator;
    this.#http = http;
    this.#modules = modules;
    this.#participant = new WebSocketsParticipant({
      clock: systemClock,
      closeCode: options.webSocketCloseCode,
      messages: this.#messages,
      heard: this.#heard,
      open: () => this.#servers.open(http.servers.upgraded()),
      bytesSentOn,
      windowMs: (context) => reconnectWindowMs(options, context),
    });
    http.servers.onUpgrade = (connection, { url = '' }) => {
      if (!OF_SOCKET_IO.test(url)) this.#heard.await(connection);
    };
    http.servers.isSeenOff = ({ socket }) => webSocketOn(socket) !== undefined;
    http.servers.continues = (request) => this.#servers.continues(request);
    // Whoever has upgraded connections without a gateway has attached a listener by then.
    this.#restore.push(
      coordinator.observe(({ type }) => {
        if ((type === 'announced' || type === 'terminating') && http.servers.upgrades) this.#takePart();
      }),
    );
    const configuration = configurationOf(moduleRef);
    if (!configuration) return;
    this.#restore.push(
      overrideMethod(configuration, 'getIoAdapter', (getIoAdapter) => () => {
        const adapter = getIoAdapter();
        if (typeof adapter === 'object' && adapter !== null) this.#adopt(adapter);
        return adapter;
      }),
    );
  }

  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #adopt(adapter: object): void {
    if (this.#adapters.has(adapter)) return;
    this.#adapters.add(adapter);
    this.#watchGateways();
    this.#restore.push(
      overrideMethod(adapter, 'create', (create) => (port, ...rest) => {
        const server = create(port, ...rest);
        this.#takePart();
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

  #messagesOf(client: Client): SocketMessages {
    return this.#messages.of(client.conn ?? client, client.nsp?.name);
  }

  /** Nest binds what a gateway does about its clients when it connects the gateway, and drops what that returns. */
  #watchGateways(): void {
    for (const instance of gatewaysOf(this.#modules)) {
      for (const hook of GATEWAY_HOOKS) {
        if (typeof Reflect.get(instance, hook) !== 'function') continue;
        const name = `${instance.constructor.name}.${hook}`;
        this.#restore.push(
          overrideMethod(instance, hook, (call) => (...args) => {
            const result = call(...args);
            return isThenable(result) ? this.#participant.track(name, Promise.resolve(result)) : result;
          }),
        );
      }
    }
  }

  #takePart(): void {
    if (this.#isAdded) return;
    this.#isAdded = true;
    this.#coordinator.add({
      participant: this.#participant,
      // Before the HTTP servers: what it cuts is cut by name.
      options: { priority: Number.MAX_VALUE },
      registeredAt: 'GracefulShutdownModule',
      cutsAtOnce: true,
    });
  }
}

/** Nest's configuration, which it shows to nobody; private, and the same on Nest 11 and 12. */
function configurationOf(moduleRef: ModuleRef): object | undefined {
  const { container } = moduleRef as unknown as {
    readonly container?: { readonly applicationConfig?: object };
  };
  return container?.applicationConfig;
}

/** The static instances; one of a request does not exist yet. */
function gatewaysOf(modules: ModulesContainer): object[] {
  return [...modules.values()]
    .flatMap(({ providers }) => [...providers.values()])
    .filter(({ metatype }) => typeof metatype === 'function' && Reflect.hasMetadata(GATEWAY, metatype))
    .map(({ instance }): unknown => instance)
    .filter((instance) => typeof instance === 'object' && instance !== null);
}

/** Nest's adapter for `ws` keeps the servers that several gateways on one port share, by port. */
function serverOnPort(adapter: object, port: unknown): unknown {
  const { httpServersRegistry } = adapter as { readonly httpServersRegistry?: unknown };
  return httpServersRegistry instanceof Map ? httpServersRegistry.get(port) : undefined;
}
