import { hasMethod, isObject, read } from '../util/foreign.js';
import { overrideMethod } from '../util/override-method.js';
import type { EventEmitter } from 'node:events';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Statistics } from '../core/participant.js';
import { SESSIONS_OF_GRPC } from './message-probes.js';
import type { ProbeCheck } from '../util/probe.js';
import type { MessageHandler } from './message-server.js';
import type { RunningMessages } from './running-messages.js';
import type { CloseListener, Transport } from './transport.js';

/** What is used of `ServerGrpc`. */
export interface GrpcServer {
  /** The server of grpc-js, while it listens. */
  readonly grpcClient?: GrpcCore | null;
}

interface GrpcCore {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
  readonly sessions: ReadonlyMap<ServerHttp2Session, unknown>;
}

/** `Status.UNAVAILABLE`: clients may repeat the call elsewhere. */
const UNAVAILABLE = 14;
/** Nest's word for handlers that get the stream itself. */
const PASS_THROUGH = 'pt_stream';

/**
 * gRPC: sends GOAWAY on each session at the announcement, and on later ones in `quiesce`.
 *
 * Calls that have begun are finished; clients begin new ones on another connection, and repeat by themselves what
 * crossed the GOAWAY.
 */
export class GrpcTransport implements Transport {
  readonly #server: GrpcServer;
  readonly #messages: RunningMessages;
  readonly #probes: ProbeCheck;
  readonly #closeListener: CloseListener;
  #retired = 0;

  constructor(
    server: GrpcServer,
    messages: RunningMessages,
    probes: ProbeCheck,
    closeListener: CloseListener,
  ) {
    this.#server = server;
    this.#messages = messages;
    this.#probes = probes;
    this.#closeListener = closeListener;
  }

  get isListening(): boolean {
    return [...(this.#core?.http2Servers.keys() ?? [])].some(({ listening }) => listening);
  }

  watch(): (() => void)[] {
    return [
      overrideMethod(this.#server, 'createClient', (create) => async (...args) => {
        const core = await create(...args);
        this.#probes.check(SESSIONS_OF_GRPC, Object(core) as object);
        return core;
      }),
      overrideMethod(
        this.#server,
        'addHandler',
        (add) =>
          (pattern, handler, ...rest) =>
            add(pattern, this.#untilTheStreamEnds(pattern, handler as MessageHandler), ...rest),
      ),
    ];
  }

  stopIntake(): Promise<void> {
    // Never inside a handler of the session, which corrupts the heap of Node 20.
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#goAway();
        resolve();
      });
    });
  }

  startIntake(): Promise<void> {
    return Promise.resolve();
  }

  async endIntake(): Promise<void> {
    await this.stopIntake();
    await Promise.all([...(this.#core?.http2Servers.keys() ?? [])].map(this.#closeListener));
    await this.stopIntake();
  }

  /** Waits for the sessions: they end with the last byte of their last call. */
  async flush(): Promise<void> {
    const open = [...(this.#core?.sessions.keys() ?? [])].filter(({ destroyed }) => !destroyed);
    await Promise.all(
      open.map((session) => {
        const closed = new Promise((resolve) => session.once('close', resolve));
        if (!session.closed) session.close();
        return closed;
      }),
    );
  }

  errorFor(message: string): unknown {
    return { code: UNAVAILABLE, message };
  }

  statistics(): Statistics {
    return { open: this.#core?.sessions.size ?? 0, retired: this.#retired };
  }

  abandon(): void {
    for (const session of this.#core?.sessions.keys() ?? []) session.destroy();
  }

  get #core(): GrpcCore | undefined {
    const core = this.#server.grpcClient;
    return core && this.#probes.missing(SESSIONS_OF_GRPC) === undefined ? core : undefined;
  }

  #goAway(): void {
    for (const session of this.#core?.sessions.keys() ?? []) {
      if (session.closed || session.destroyed) continue;
      this.#retired += 1;
      session.close();
    }
  }

  /** A handler that gets the stream itself returns long before the stream ends. */
  #untilTheStreamEnds(pattern: unknown, handler: MessageHandler): MessageHandler {
    if (read(Object(pattern) as object, 'streaming') !== PASS_THROUGH) return handler;
    const { service, rpc } = pattern as { service: string; rpc: string };
    const traits = { name: `${service}/${rpc}`, isEvent: false };
    return new Proxy(handler, {
      apply: (target, self, [call, callback]: unknown[]) => {
        if (!isObject(call) || !hasMethod(call, 'once')) {
          return Reflect.apply(target, self, [call, callback]) as unknown;
        }
        const end = this.#messages.begin(traits, call);
        for (const event of ['finish', 'cancelled', 'close']) (call as EventEmitter).once(event, end);
        const answer = (...results: unknown[]): unknown => {
          end();
          return (callback as MessageHandler)(...results);
        };
        const args = typeof callback === 'function' ? [call, answer] : [call];
        return Reflect.apply(target, self, args) as unknown;
      },
    });
  }
}
