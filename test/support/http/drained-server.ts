import { once } from 'node:events';
import http, { type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/util/clock.js';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { HttpServerParticipant, type WorkSources } from '../../../src/http/http-server-participant.js';
import { readPath } from '../../../src/util/request-path.js';
import { strictProbes } from '../strict-probes.js';
import { eventually } from './eventually.js';
import { RawClient } from './raw-client.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import type { ShutdownPhase } from '../../../src/core/phase.js';
import type { ShutdownReport } from '../../../src/core/report.js';
import type { AnyHttpServer } from '../../../src/http/any-http-server.js';
import type { HttpServerDependencies } from '../../../src/http/http-server-options.js';

export const LATE_RESPONSE = {
  code: 'SHUTTING_DOWN',
  message: 'The server is shutting down',
  retryAfterSeconds: 1,
};

/** What a test may want to be different. */
export interface DrainedServerOptions extends Partial<HttpServerDependencies>, WorkSources {
  readonly coordinator?: Partial<CoordinatorOptions>;
  /** Default: it listens on a free port of 127.0.0.1. */
  readonly listens?: boolean;
}

/** A phase that lasts until it is released. */
export interface HeldPhase {
  /** Resolves when the phase has begun. */
  readonly begun: Promise<void>;
  release(this: void): void;
}

/** A server, its participant, and a coordinator that walks it through the phases; all of it real. */
export class DrainedServer {
  readonly server: Server;
  readonly participant: HttpServerParticipant;
  readonly coordinator: PhasedCoordinator;
  arrivals = 0;
  readonly #clients: RawClient[] = [];
  readonly #releases: (() => void)[] = [];

  private constructor(server: AnyHttpServer, options: DrainedServerOptions) {
    // What a test asks of it is what all servers have.
    this.server = server as Server;
    this.participant = new HttpServerParticipant(
      server,
      {
        clock: systemClock,
        probes: strictProbes(),
        lateRequests: 'reject',
        lateResponse: LATE_RESPONSE,
        isExempt: (_method, target) => readPath(target) === '/healthz',
        onArrival: () => {
          this.arrivals += 1;
        },
        firstRequestBudgetMs: 300,
        minClientBytesPerSecond: 0,
        stopListeningAt: 'drain',
        ...options,
      },
      options,
    );
    this.coordinator = new PhasedCoordinator(
      {
        gracePeriodMs: 20_000,
        announceDelayMs: 0,
        quietPeriodMs: 0,
        announceMaxMs: 0,
        releaseReserveMs: 1_000,
        drainTimeoutMs: Infinity,
        participantTimeoutMs: 15_000,
        forceAfterTimeout: true,
        raiseOnError: false,
        ...options.coordinator,
      },
      systemClock,
    );
    this.coordinator.register(this.participant);
  }

  static async start(
    server: AnyHttpServer | RequestListener,
    options: DrainedServerOptions = {},
  ): Promise<DrainedServer> {
    const drained = new DrainedServer(
      typeof server === 'function' ? http.createServer(server) : server,
      options,
    );
    if (options.listens === false) return drained;
    drained.server.listen(0, '127.0.0.1');
    await once(drained.server, 'listening');
    return drained;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async connect(): Promise<RawClient> {
    return this.#keep(await RawClient.connect(this.port));
  }

  async connectTls(): Promise<RawClient> {
    return this.#keep(await RawClient.connectTls(this.port));
  }

  /** Makes a phase last, so that a test can look at what the server does in it. */
  hold(phase: ShutdownPhase): HeldPhase {
    let release!: () => void;
    let begin!: () => void;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#releases.push(release);
    this.coordinator.register({
      name: `${phase} held by the test`,
      [phase]: () => {
        begin();
        return released;
      },
    });
    return { begun, release };
  }

  /** Resolves when a phase has begun. */
  entered(phase: ShutdownPhase): Promise<void> {
    return eventually(() => this.coordinator.phase === phase);
  }

  /** A connection with one more request that the server is working on. */
  async inFlight(send: (client: RawClient) => unknown): Promise<RawClient> {
    const busy = (): number => this.participant.statistics().inFlight;
    const before = busy();
    const client = await this.connect();
    send(client);
    await eventually(() => busy() > before);
    return client;
  }

  /** Shuts down as a signal does, by default. */
  shutdown(kind: 'signal' | 'close' = 'signal'): Promise<ShutdownReport> {
    return this.coordinator.shutdown({ kind });
  }

  /** Takes everything down, whatever state it is in. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    for (const release of this.#releases) release();
    if (this.coordinator.isShuttingDown) await this.shutdown();
    this.participant.dispose();
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    this.server.closeAllConnections?.();
    await closed;
  }

  #keep(client: RawClient): RawClient {
    this.#clients.push(client);
    return client;
  }
}
