import { STACK_OF_EXPRESS } from '../health/route-probes.js';
import { METHODS_OF_LAYER } from './adapter-probes.js';
import { ExpressHandlers } from './express-handlers.js';
import { hasRoutes, trackFastifyHandlers } from './fastify-handlers.js';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RunningHandlers } from '../../http/running-handlers.js';
import type { ProbeCheck } from '../../util/probe.js';

/** The handlers that are registered on the HTTP framework directly, past Nest. */
export class DirectHandlers {
  readonly #probes: ProbeCheck;
  readonly #restore: (() => void)[];
  readonly #express: ExpressHandlers | undefined;
  readonly #hadRoutes: boolean = false;

  /** Tracks them from now on. Handlers of Express that are registered already are tracked, too. */
  constructor(adapter: AbstractHttpAdapter, handlers: RunningHandlers, probes: ProbeCheck) {
    this.#probes = probes;
    const instance = Object(adapter.getInstance()) as object;
    switch (adapter.getType()) {
      case 'express': {
        const express = new ExpressHandlers(instance, handlers, probes);
        this.#express = express;
        this.#restore = [() => express.dispose()];
        break;
      }
      case 'fastify':
        this.#hadRoutes = hasRoutes(instance);
        this.#restore = trackFastifyHandlers(instance, handlers, probes);
        break;
      default:
        this.#restore = [];
    }
  }

  /** Returns why handlers may run unseen. */
  blindSpot(): string | undefined {
    return this.#probes.missing(STACK_OF_EXPRESS, METHODS_OF_LAYER);
  }

  /** Returns the lines to log once all routes are registered: one if handlers cannot be seen. */
  hints(): string[] {
    if (this.#hadRoutes) {
      return [
        `Fastify had routes before NestFactory.create(), and ${NOT_AWAITED}. Register them afterwards, before app.listen().`,
      ];
    }
    const hidden = this.#express?.hidden() ?? 0;
    if (hidden === 0) return [];
    return [
      `Express does not show ${hidden} of the mounted applications, and ${NOT_AWAITED}. Mount an application with app.use() ` +
        'after NestFactory.create(), before you mount others in it.',
    ];
  }

  /** Restores the framework. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }
}

const NOT_AWAITED = 'a shutdown does not wait for their handlers once their client has disconnected';
