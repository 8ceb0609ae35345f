import { overrideMethod } from '../util/override-method.js';
import { deferred } from '../util/deferred.js';
import { telemetryProviders, type TelemetryProvider } from './telemetry-providers.js';
import type { ShutdownEvent } from '../core/events.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';

type Shutdown = () => Promise<void>;

/** The kinds of reasons that end the process, unless the option `exit` forbids it. */
const ENDING: ReadonlySet<string> = new Set(['signal', 'error', 'development']);

/**
 * Exports telemetry in `flush`, and keeps the SDK alive until then.
 *
 * The zero-code start of OpenTelemetry, and many programs, shut the SDK down in a listener for SIGTERM. Every span that
 * ends later would be dropped, among them those of all requests in flight.
 */
export class TelemetryExport {
  readonly #coordinator: ShutdownCoordinator;
  readonly #endsProcess: boolean;
  /** What to call in `flush`, by provider that was asked to shut down earlier. */
  readonly #postponed = new Map<TelemetryProvider, Shutdown>();
  readonly #held = new Map<TelemetryProvider, () => void>();
  readonly #finished = deferred<void>();
  /** Whether the other listeners of the signal that started the shutdown may be running. */
  #isTriggering = false;
  /** Whether the process exits when the shutdown is over; after `app.close()` it goes on. */
  #isEnding = false;

  /** @param endsProcess whether a shutdown by signal ends the process */
  constructor(coordinator: ShutdownCoordinator, endsProcess: boolean) {
    this.#coordinator = coordinator;
    this.#endsProcess = endsProcess;
  }

  /** Holds the providers that are registered by now; call it again when there may be others. */
  readonly hold = (): void => {
    for (const provider of telemetryProviders()) {
      if (this.#held.has(provider)) continue;
      this.#held.set(
        provider,
        overrideMethod(
          provider,
          'shutdown',
          (shutdown) => () => this.#shutDown(provider, shutdown as Shutdown),
        ),
      );
    }
  };

  readonly observe = (event: ShutdownEvent): void => {
    if (event.type === 'terminating' || event.type === 'joined') {
      this.#isEnding ||= this.#endsProcess && ENDING.has(event.reason.kind);
    }
    if (event.type === 'announced' || event.type === 'terminating') {
      this.hold();
      this.#isTriggering = true;
      queueMicrotask(() => (this.#isTriggering = false));
    } else if (event.type === 'finished') {
      if (!this.#isEnding) this.#finished.resolve();
      this.#release();
    }
  };

  /** Exports what is pending, and shuts down what was to be shut down earlier; throws the first error. */
  readonly flush = async (): Promise<void> => {
    this.#release();
    const providers = new Set([...telemetryProviders(), ...this.#postponed.keys()]);
    const exports = [...providers].map(async (provider) => {
      await (this.#postponed.get(provider) ?? provider.forceFlush?.bind(provider))?.();
    });
    await Promise.allSettled(exports);
    await Promise.all(exports);
  };

  async #shutDown(provider: TelemetryProvider, shutdown: Shutdown): Promise<void> {
    const isOfListener = this.#isTriggering || !this.#coordinator.isShuttingDown;
    // A signal has several listeners; the one that starts the shutdown may come after this call.
    if (!this.#coordinator.isShuttingDown) await Promise.resolve();
    if (!this.#isBeforeFlush) return shutdown();
    this.#postponed.set(provider, shutdown);
    // A listener often exits next, which would interrupt the shutdown. A hook would wait for the flush, which comes after it.
    return isOfListener ? this.#finished.promise : provider.forceFlush?.();
  }

  get #isBeforeFlush(): boolean {
    const { isShuttingDown, phase } = this.#coordinator;
    return isShuttingDown && phase !== undefined && phase !== 'flush';
  }

  #release(): void {
    for (const restore of this.#held.values()) restore();
    this.#held.clear();
  }
}
