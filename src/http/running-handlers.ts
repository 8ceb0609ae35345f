import { cutEach } from '../core/cutting.js';
import { Condition } from '../util/condition.js';
import { watchOvertaken } from './overtaken-requests.js';
import { requestName, targetOf } from './request-path.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { Clock, Timer } from '../util/clock.js';

/** Dependencies of {@link RunningHandlers}. */
export interface RunningHandlersDependencies {
  readonly clock: Clock;
  /** Whether a route is served until the end of the shutdown, so that its handlers are not awaited. */
  isExempt(this: void, method: string, target: string): boolean;
  /** Whether a request arrived so late that its server awaits it in `release`, not in `drain`. */
  isLate(this: void, request: IncomingMessage): boolean;
  /** Whether a request has been cut, and named, by its server. */
  isCut(this: void, request: IncomingMessage): boolean;
  /** Whether a request has arrived at a server of another application, which shares handlers with this one. */
  isOfOther(this: void, request: IncomingMessage): boolean;
  /** Returns why handlers may run unseen, if any may. */
  blindSpot(this: void): string | undefined;
  /** Returns the pattern of the route that serves a request, such as `/orders/:id`. */
  routePattern(this: void, request: IncomingMessage, path: string): string | undefined;
}

/** How long the handler of a request whose client has stalled may take to clean up, in milliseconds. */
const CLEAN_UP_MS = 500;

/** Number of calls kept for reuse: limits the memory that remains in use after a peak of requests. */
const MAX_SPARE = 1_024;

/** One call of a handler or middleware. Calls are reused, because there is one for each request. */
class Call {
  request!: IncomingMessage;
  /** Missing for hooks and parsers that are not passed one. */
  response: ServerResponse | undefined;
  index = 0;
  readonly onReturned: <Value>(value: Value) => Value;
  readonly onRejected: (reason: unknown) => never;

  constructor(onEnd: (call: Call) => void) {
    this.onReturned = (value) => {
      onEnd(this);
      return value;
    };
    this.onRejected = (reason) => {
      onEnd(this);
      throw reason;
    };
  }
}

/**
 * The handlers that have not returned, whether or not their response is finished or their client has disconnected.
 *
 * A handler may still be working then: a payment continues when the browser is closed. Drain waits for that work, and
 * names what it cuts.
 */
export class RunningHandlers implements ShutdownParticipant {
  readonly name = 'request handlers';

  readonly #dependencies: RunningHandlersDependencies;
  /** In no particular order. */
  readonly #running: Call[] = [];
  readonly #spare: Call[] = [];
  readonly #settled = new Condition();
  readonly #givenUp = new WeakSet<IncomingMessage>();
  readonly #cleaningUp = new Set<Timer>();
  #announcedAt: number | undefined;

  constructor(dependencies: RunningHandlersDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Records a call until its promise has settled.
   *
   * @returns the promise to return in its place, so that a rejection that the framework does not handle stays unhandled
   */
  track(
    request: IncomingMessage,
    response: ServerResponse | undefined,
    result: Promise<unknown>,
  ): Promise<unknown> {
    const call = this.#spare.pop() ?? new Call(this.#onEnd);
    call.request = request;
    call.response = response;
    call.index = this.#running.push(call) - 1;
    // The `then` of a subclass may call back more than once, or begin its work.
    return Promise.prototype.then.call(result, call.onReturned, call.onRejected);
  }

  /**
   * Stops awaiting the handler of a request that was cut because its client has stalled: it may wait for that client for
   * ever.
   */
  giveUpSoon({ req }: ServerResponse): void {
    const giveUp = (): void => {
      this.#givenUp.add(req);
      this.#settled.notify();
    };
    this.#cleaningUp.add(this.#dependencies.clock.setTimer(giveUp, CLEAN_UP_MS));
  }

  announce(): void {
    this.#announcedAt = this.#dependencies.clock.now();
  }

  async drain(context: ShutdownContext): Promise<void> {
    await this.#end(context, this.#isAwaited);
    for (const timer of this.#cleaningUp) timer.cancel();
    this.#cleaningUp.clear();
    const blindSpot = this.#dependencies.blindSpot();
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  /** Counts the requests whose response is over; their server counts the others. */
  inFlight(): number {
    return this.#detached(this.#isAwaited).size;
  }

  /** Whether a handler is running, even if its server counts the request: a client may disconnect before it is cut. */
  readonly isRunning = (): boolean => this.#running.length > 0;

  /** Awaits, in `release`, the handlers of late requests; registered if late requests are served, after their servers. */
  readonly late: ShutdownParticipant = {
    name: 'handlers of late requests',
    // Does not wait for them, but names them if no release comes.
    drain: (context) => this.#end(context, this.#isLate, () => true),
    release: async (context) => {
      const { routePattern } = this.#dependencies;
      const finish = watchOvertaken(context, () => this.#detached(this.#isLate), routePattern);
      await this.#end(context, this.#isLate);
      finish();
    },
    inFlight: () => this.#detached(this.#isLate).size,
  };

  async #end(
    context: ShutdownContext,
    includes: (call: Call) => boolean,
    isOver = () => !this.#running.some(includes),
  ): Promise<void> {
    const cut = (): void => {
      this.#cut(context, includes);
      this.#settled.notify();
    };
    context.signal.addEventListener('abort', cut, { once: true });
    await this.#settled.until(isOver, context.signal);
    context.signal.removeEventListener('abort', cut);
  }

  readonly #onEnd = (call: Call): void => {
    const last = this.#running.pop()!;
    if (last !== call) {
      this.#running[call.index] = last;
      last.index = call.index;
    }
    // Releases the finished request for garbage collection.
    call.request = undefined!;
    call.response = undefined;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(call);
    this.#settled.notify();
  };

  readonly #isAwaited = ({ request }: Call): boolean =>
    this.#counts(request) && !this.#dependencies.isLate(request) && !this.#givenUp.has(request);

  readonly #isLate = ({ request }: Call): boolean => {
    const { isLate, isCut } = this.#dependencies;
    return this.#counts(request) && isLate(request) && !isCut(request);
  };

  #counts(request: IncomingMessage): boolean {
    const { isExempt, isOfOther } = this.#dependencies;
    return !isExempt(request.method ?? 'GET', targetOf(request)) && !isOfOther(request);
  }

  /** Returns the requests of which only handlers are still running; one may have several, such as middleware. */
  #detached(includes: (call: Call) => boolean): Set<IncomingMessage> {
    return new Set(
      this.#running.filter((call) => isDetached(call) && includes(call)).map(({ request }) => request),
    );
  }

  /**
   * Names the handlers that are detached. Servers name the requests of the others when they cut them, but a client may
   * disconnect before that.
   */
  #cut(context: ShutdownContext, includes: (call: Call) => boolean): void {
    const { clock, isCut, routePattern } = this.#dependencies;
    const ageMs = clock.now() - (this.#announcedAt ?? clock.now());
    const named = new Set<IncomingMessage>();
    /** Whether it is lost, and has not been named. A call is reused when it has ended. */
    const isLost = ({ call, request }: Cuttable): boolean =>
      call.request === request &&
      isDetached(call) &&
      includes(call) &&
      !isCut(request) &&
      !named.has(request);
    const cut = (cuttable: Cuttable): void => {
      if (!isLost(cuttable)) return;
      const { request } = cuttable;
      named.add(request);
      context.cut({ kind: 'handler', name: requestName(request, routePattern), ageMs });
    };
    void cutEach<Cuttable>(context, {
      pieces: this.#running.filter(includes).map((call) => ({ call, request: call.request })),
      cut: (cuttable) => {
        cut(cuttable);
        const { call, request } = cuttable;
        if (call.request === request && !isDetached(call)) call.response?.once('close', () => cut(cuttable));
      },
      forget: (cuttable) => {
        if (!isLost(cuttable)) return undefined;
        named.add(cuttable.request);
        return 'handler';
      },
    });
  }
}

/** A call that was running when its kind was cut. */
interface Cuttable {
  readonly call: Call;
  readonly request: IncomingMessage;
}

/** Whether the response is over, so that only the call is left. */
function isDetached({ request, response }: Call): boolean {
  if (!response) return request.socket.destroyed;
  return response.writableFinished || response.destroyed || response.closed;
}
