import { Application } from './target/application.js';
import { waitUntilReady } from './target/wait-until-ready.js';
import type { RehearsalPlan, FleetPlan } from './plan.js';
import type { FreePorts } from './balancers/free-ports.js';

/** An instance that is ready. */
export interface Instance {
  readonly application: Application;
  readonly port: number;
  /** The route that tells that it is ready, if there is one. */
  readonly readiness?: URL;
}

/** What instances are started with. */
export interface FleetOptions {
  readonly plan: RehearsalPlan;
  readonly fleet: FleetPlan;
  readonly ports: FreePorts;
  readonly onOutput: (text: string) => void;
  readonly interrupted: AbortSignal;
}

/** The instances of an application. Nothing of them is left when this is disposed of. */
export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #started = new Set<Promise<Application>>();
  #isOver = false;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Starts one and waits until it is ready; rejects with a `RehearsalError` if it never is. */
  async start(): Promise<Instance> {
    const { plan, fleet, ports, onOutput, interrupted } = this.#options;
    const port = await ports.take();
    interrupted.throwIfAborted();
    if (this.#isOver) throw new Error('no instance is started any more');
    const env = { ...plan.env, [fleet.portVariable]: String(port) };
    const started = Application.start({ command: plan.command, env, onOutput });
    this.#started.add(started);
    const application = await started;
    const { readiness } = await waitUntilReady(
      application,
      {
        url: new URL(`http://127.0.0.1:${port}`),
        path: plan.requests[0]?.request.path ?? '/',
        timeoutMs: plan.readyTimeoutMs,
        portVariable: fleet.portVariable,
        ...(plan.ready !== undefined && { ready: plan.ready }),
      },
      interrupted,
    );
    return { application, port, ...(readiness && { readiness }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(
      [...this.#started].map(async (started) => {
        const application = await started.catch(() => undefined);
        await application?.[Symbol.asyncDispose]();
      }),
    );
  }
}
