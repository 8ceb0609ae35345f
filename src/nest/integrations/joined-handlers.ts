import { JOINED_HANDLERS, joinOf, type HandlerJoin } from '../../microservices/message-probes.js';
import { overrideProperty } from '../../util/override-property.js';
import type { RunningMessages } from '../../microservices/running-messages.js';
import type { ProbeCheck } from '../../util/probe.js';

const UNKNOWN_APPLICATION =
  'an event has several handlers, and a request-scoped one among them is cut when another fails: ' +
  'call enableGracefulShutdown(app) in main.ts, before app.listen()';

/**
 * Counts the handlers of events that Nest joins itself, since they are request-scoped: the join ends when one of them fails,
 * whatever the others still do.
 */
export class JoinedHandlers {
  readonly #probes: ProbeCheck;
  readonly #watched = new Set<RunningMessages>();

  constructor(probes: ProbeCheck) {
    this.#probes = probes;
  }

  /** Watches the handlers of a microservice; returns a function that stops this. */
  watch(microservice: object, messages: RunningMessages): () => void {
    this.#watched.add(messages);
    const controller = this.#probes.check(JOINED_HANDLERS, microservice) && joinOf(microservice);
    if (!controller) return () => {};
    const { forkJoinHandlersIfAttached: original } = controller;
    const join: HandlerJoin['forkJoinHandlersIfAttached'] = function (this: unknown, result, args, handler) {
      if (handler.next) messages.countJoined(handler, result, args.at(-1));
      return original.call(this, result, args, handler);
    };
    return overrideProperty(controller, 'forkJoinHandlersIfAttached', join);
  }

  /** Returns what could be lost unseen. */
  blindSpotOf(messages: RunningMessages): string | undefined {
    if (!messages.areJoinedByNest) return undefined;
    return this.#watched.has(messages) ? this.#probes.missing(JOINED_HANDLERS) : UNKNOWN_APPLICATION;
  }
}
