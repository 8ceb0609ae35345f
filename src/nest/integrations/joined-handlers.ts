import {
  INTERCEPTED_HANDLERS,
  interceptorsOf,
  JOINED_HANDLERS,
  joinOf,
  type HandlerJoin,
  type Interceptors,
} from '../../microservices/message-probes.js';
import { overrideProperty } from '../../util/override-property.js';
import type { RunningMessages } from '../../microservices/running-messages.js';
import type { ProbeCheck } from '../../util/probe.js';

const UNKNOWN_APPLICATION =
  'an event has several handlers, and a request-scoped one among them is cut when another fails: ' +
  'call enableGracefulShutdown(app) in main.ts, before app.listen()';

/**
 * Counts the handlers of events where only Nest sees them: request-scoped ones, whose results it joins itself, and those
 * that have interceptors. The join ends when one handler fails, and unsubscribes from the others, whatever they still do.
 */
export class JoinedHandlers {
  readonly #probes: ProbeCheck;
  readonly #watched = new Set<RunningMessages>();

  constructor(probes: ProbeCheck) {
    this.#probes = probes;
  }

  /** Watches the handlers of a microservice; returns functions that stop this. */
  watch(microservice: object, messages: RunningMessages): (() => void)[] {
    this.#watched.add(messages);
    const join = this.#probes.check(JOINED_HANDLERS, microservice) && joinOf(microservice);
    const interceptors =
      this.#probes.check(INTERCEPTED_HANDLERS, microservice) && interceptorsOf(microservice);
    return [
      ...(join ? [countJoined(join, messages)] : []),
      ...(interceptors ? [countIntercepted(interceptors, messages)] : []),
    ];
  }

  /** Returns what could be lost unseen. */
  blindSpotOf(messages: RunningMessages): string | undefined {
    if (!this.#watched.has(messages)) return messages.areJoinedByNest ? UNKNOWN_APPLICATION : undefined;
    return (
      (messages.areJoinedByNest ? this.#probes.missing(JOINED_HANDLERS) : undefined) ??
      (messages.areLinked ? this.#probes.missing(INTERCEPTED_HANDLERS) : undefined)
    );
  }
}

function countJoined(controller: HandlerJoin, messages: RunningMessages): () => void {
  const { forkJoinHandlersIfAttached: original } = controller;
  const join: HandlerJoin['forkJoinHandlersIfAttached'] = function (this: unknown, result, args, handler) {
    if (handler.next) messages.countJoined(handler, result, args.at(-1));
    return original.call(this, result, args, handler);
  };
  return overrideProperty(controller, 'forkJoinHandlersIfAttached', join);
}

function countIntercepted(consumer: Interceptors, messages: RunningMessages): () => void {
  const { intercept: original } = consumer;
  const intercept: Interceptors['intercept'] = function (
    this: unknown,
    interceptors,
    args,
    instance,
    callback,
    next,
    type,
  ) {
    const context = args.at(-1);
    if (!interceptors?.length || !messages.isLinked(context)) {
      return original.call(this, interceptors, args, instance, callback, next, type);
    }
    const counted = (): unknown => {
      const result = next();
      messages.countIntercepted(result, context);
      return result;
    };
    return original.call(this, interceptors, args, instance, callback, counted, type);
  };
  return overrideProperty(consumer, 'intercept', intercept);
}
