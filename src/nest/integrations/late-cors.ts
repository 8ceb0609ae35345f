import { BARE_ADAPTER } from './adapter-probes.js';
import { CorsRegistrations, type RegisteringAdapter } from './cors-registrations.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { ProbeCheck } from '../../util/probe.js';

/** Ends a late request; tells whether the application's CORS has had its say. */
type Refuse = (isCorsDone: boolean) => void;

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

interface Express extends Handle {
  disable(setting: string): void;
  use(handler: (...args: never[]) => void): void;
}

interface Fastify {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (e: null) => void) => void,
  ): void;
  setNotFoundHandler(handler: (request: unknown, reply: FastifyReply) => void): void;
  setErrorHandler(handler: (error: unknown, request: unknown, reply: FastifyReply) => void): void;
  ready(): Promise<unknown>;
  readonly routing: Handle;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  getHeaders(): Record<string, number | string | string[] | undefined>;
  hijack(): void;
}

/**
 * Has the application's own CORS act on late requests before they are refused.
 *
 * For that there is a second application of the same framework, with nothing but what was registered for CORS: it answers
 * preflights, and refuses everything else. It is created for the first late request that needs it.
 */
export class LateCors {
  readonly #adapter: AbstractHttpAdapter;
  readonly #probes: ProbeCheck;
  readonly #registrations: CorsRegistrations;
  readonly #refusals = new WeakMap<ServerResponse, Refuse>();
  #bare: AbstractHttpAdapter | undefined;
  #handle: Promise<Handle | undefined> | undefined;

  constructor(adapter: AbstractHttpAdapter, probes: ProbeCheck) {
    this.#adapter = adapter;
    this.#probes = probes;
    this.#registrations = new CorsRegistrations(adapter);
  }

  /** Acts on a request of another origin; `refuse` is called unless it is a preflight, which is answered. */
  readonly apply = (request: IncomingMessage, response: ServerResponse, refuse: Refuse): void => {
    if (request.headers.origin === undefined || this.#registrations.isEmpty) return refuse(false);
    this.#handle ??= this.#create().catch(() => undefined);
    void this.#handle.then((handle) => {
      if (!handle) return refuse(false);
      this.#refusals.set(response, refuse);
      handle(request, response);
    });
  };

  /** Restores the adapter. */
  dispose(): void {
    this.#registrations.dispose();
    void Promise.resolve(this.#handle && this.#bare?.close()).catch(() => {});
  }

  async #create(): Promise<Handle | undefined> {
    const bare = createBare(this.#adapter);
    if (!this.#probes.check(BARE_ADAPTER, bare)) return undefined;
    this.#bare = bare;
    const isAny = await this.#registrations.replayOn(bare as unknown as RegisteringAdapter);
    if (!isAny) return undefined;
    return this.#adapter.getType() === 'fastify'
      ? this.#onFastify(bare)
      : this.#onExpress(bare.getInstance<Express>());
  }

  #onExpress(express: Express): Handle {
    express.disable('x-powered-by');
    express.use((_request: IncomingMessage, response: ServerResponse) => this.#refuse(response));
    // An error of theirs means that the origin is not allowed. Express recognises the handler by its length.
    express.use((_error: unknown, _request: IncomingMessage, response: ServerResponse, _next: unknown) =>
      this.#refuse(response),
    );
    return express;
  }

  async #onFastify(bare: AbstractHttpAdapter): Promise<Handle> {
    await (bare as unknown as { init(): Promise<void> }).init();
    const fastify = bare.getInstance<Fastify>();
    const refuse = (reply: FastifyReply): void => {
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      this.#refuse(reply.raw);
    };
    // No body is read.
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
    fastify.setNotFoundHandler((_request, reply) => refuse(reply));
    fastify.setErrorHandler((_error, _request, reply) => refuse(reply));
    await fastify.ready();
    return (request, response) => fastify.routing(request, response);
  }

  #refuse(response: ServerResponse): void {
    this.#refusals.get(response)?.(true);
  }
}

/** Creates an adapter of Nest's own class, without the options and the subclass of the application. */
function createBare(adapter: AbstractHttpAdapter): AbstractHttpAdapter {
  let type = adapter.constructor;
  const parentOf = (child: object): object => Object.getPrototypeOf(child) as object;
  // `AbstractHttpAdapter` is the class that extends no other.
  while (parentOf(parentOf(type)) !== Function.prototype) type = parentOf(type) as typeof type;
  return Reflect.construct(type, []) as AbstractHttpAdapter;
}
