import { hasMethods, isObject, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { overrideProperty } from '../../util/override-property.js';
import { STACK_OF_EXPRESS } from '../health/route-probes.js';
import { METHODS_OF_LAYER } from './adapter-probes.js';
import { tracked, type Handler } from './tracked-handlers.js';
import { watchRouter } from './express-router.js';
import type { RunningHandlers } from '../../http/running-handlers.js';
import type { ProbeCheck } from '../../util/probe.js';

/** The methods of a layer that call its handler, with the position of the request: of Express 5 and 4. */
const CALLING = {
  handleRequest: 0,
  handleError: 1,
  handle_request: 0,
  handle_error: 1,
} as const;

/** The arguments of a callback for a parameter of a path. */
const OF_NODE = { requestAt: 0, areNodes: true };

interface Layer {
  readonly name: string;
  readonly handle: unknown;
  readonly route?: { readonly stack?: unknown };
}

/**
 * Tracks the handlers of an Express application, of its routers and of the applications that are mounted in it, whether they
 * were registered through Nest or not.
 *
 * Express keeps each handler in a layer, and discards what it returns. The layer gets methods of its own, which call the
 * handler through a wrapper. The handler stays what it is, because documentation generators look it up in the layer.
 */
export class ExpressHandlers {
  readonly #handlers: RunningHandlers;
  readonly #probes: ProbeCheck;
  readonly #known = new WeakSet<object>();
  readonly #restore: (() => void)[] = [];
  /** Grows while it is iterated: a router may contain further applications. */
  readonly #applications: object[] = [];
  #isMounting = false;
  #hidden = 0;

  constructor(express: object, handlers: RunningHandlers, probes: ProbeCheck) {
    this.#handlers = handlers;
    this.#probes = probes;
    this.#addApplication(express);
  }

  /**
   * Returns the number of mounted applications whose handlers cannot be seen, because Express has hidden them before. Call it
   * once all routes are registered, since Express then creates the routers that are still missing.
   */
  hidden(): number {
    for (const application of this.#applications) read(application, 'router');
    return this.#hidden;
  }

  /** Restores the application, its routers and layers. */
  dispose(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #addApplication(application: object): void {
    if (!this.#isNew(application)) return;
    this.#applications.push(application);
    this.#restore.push(
      overrideMethod(application, 'use', (use) => (...args) => {
        const before = this.#isMounting;
        this.#isMounting = true;
        try {
          return use(...args);
        } finally {
          this.#isMounting = before;
          for (const arg of args.flat(Infinity)) if (isApplication(arg)) this.#addApplication(arg);
        }
      }),
      watchRouter(application, (router) => this.#addRouter(router)),
    );
  }

  #addRouter(router: object): void {
    if (!this.#isNew(router)) return;
    if (!this.#probes.check(STACK_OF_EXPRESS, { router })) return;
    this.#addStack(read(router, 'stack'));
    const params = read(router, 'params');
    if (isObject(params)) for (const callbacks of Object.values(params)) this.#trackInPlace(callbacks);
    this.#restore.push(
      overrideMethod(router, 'param', (param) => (name, callback) => {
        return param(name, tracked(callback, this.#handlers, OF_NODE));
      }),
    );
  }

  #addStack(stack: unknown): void {
    if (!Array.isArray(stack) || !this.#isNew(stack)) return;
    for (const layer of stack) this.#addLayer(layer as Layer, true);
    this.#restore.push(
      overrideMethod(stack, 'push', (push) => (...layers) => {
        const length = push(...layers);
        for (const layer of layers) this.#addLayer(layer as Layer, !this.#isMounting);
        return length;
      }),
    );
  }

  /** @param isHidden whether an application in the layer cannot be found */
  #addLayer(layer: Layer, isHidden: boolean): void {
    const { handle, route } = layer;
    if (route) return this.#addStack(route.stack);
    if (isApplication(handle)) return this.#addApplication(handle);
    if (isRouter(handle)) return this.#addRouter(handle);
    if (layer.name === 'mounted_app') this.#hidden += isHidden ? 1 : 0;
    else if (this.#isNew(layer) && this.#probes.check(METHODS_OF_LAYER, layer)) this.#trackLayer(layer);
  }

  /** Calls the layer's own methods on a view of the layer, which has a wrapper in place of the handler. */
  #trackLayer(layer: Layer): void {
    if (tracked(layer.handle, this.#handlers) === layer.handle) return;
    for (const [method, requestAt] of Object.entries(CALLING)) {
      const original = read(layer, method);
      if (typeof original !== 'function') continue;
      const view = this.#viewOf(layer, requestAt);
      const call = (...args: unknown[]): unknown => Reflect.apply(original, view, args) as unknown;
      this.#restore.push(overrideProperty(layer, method, call));
    }
  }

  #viewOf(layer: Layer, requestAt: number): object {
    let handler = layer.handle;
    const traits = { requestAt, areNodes: true };
    let wrapper = tracked(handler, this.#handlers, traits);
    return Object.create(layer, {
      handle: {
        get: () => {
          // Instrumentation replaces the handler.
          if (layer.handle !== handler) {
            handler = layer.handle;
            wrapper = tracked(handler, this.#handlers, traits);
          }
          return wrapper;
        },
      },
    }) as object;
  }

  #trackInPlace(callbacks: unknown): void {
    if (!Array.isArray(callbacks)) return;
    for (const [index, callback] of callbacks.entries()) {
      callbacks[index] = tracked(callback, this.#handlers, OF_NODE) as Handler;
    }
  }

  #isNew(object: object): boolean {
    const isNew = !this.#known.has(object);
    this.#known.add(object);
    return isNew;
  }
}

function isApplication(value: unknown): value is object {
  return typeof value === 'function' && hasMethods(value, ['handle', 'set', 'use', 'engine']);
}

function isRouter(value: unknown): value is object {
  return typeof value === 'function' && Array.isArray(read(value, 'stack'));
}
