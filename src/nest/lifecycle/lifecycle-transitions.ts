/** State in the life cycle of an application, as observed through Nest's hooks. */
export type LifecycleState =
  /** Nest has created the instances. */
  | 'created'
  /** Nest calls its init and bootstrap hooks. */
  | 'booting'
  /** The bootstrap is over. */
  | 'running'
  /** The bootstrap has thrown: there is nothing to wait for. */
  | 'failed'
  /** The application is being closed; closing waits at the gate until everything is drained. */
  | 'gated'
  /** The gate is open: Nest destroys the instances. */
  | 'tearingDown'
  /** Nest has reached its last hook, has failed, or is no longer awaited. */
  | 'ended';

/** Moves an application from one state to another. */
export type LifecycleTrigger =
  | 'init'
  | 'bootstrapped'
  | 'bootstrapFailed'
  | 'ownerClose'
  | 'teardown'
  | 'pass'
  | 'release'
  | 'end'
  | 'giveUp';

/** The source of a trigger, and the next state for each state in which it is possible. */
export interface LifecycleTransition {
  readonly by: string;
  readonly from: Readonly<Partial<Record<LifecycleState, LifecycleState>>>;
}

/** The life cycle of an application as data; {@link NestLifecycle} makes no other transitions. */
export const LIFECYCLE_TRANSITIONS: Readonly<Record<LifecycleTrigger, LifecycleTransition>> = {
  init: {
    by: 'the first onModuleInit',
    from: { created: 'booting', booting: 'booting', running: 'running', failed: 'booting' },
  },
  bootstrapped: {
    by: 'the last onApplicationBootstrap',
    from: {
      booting: 'running',
      running: 'running',
      failed: 'running',
      // The bootstrap continues while the application is closed.
      gated: 'gated',
      tearingDown: 'tearingDown',
      ended: 'ended',
    },
  },
  bootstrapFailed: {
    by: 'a rejected init() or listen()',
    from: {
      created: 'failed',
      booting: 'failed',
      // listen() fails after the bootstrap if the port is in use.
      running: 'running',
      failed: 'failed',
      gated: 'gated',
      tearingDown: 'tearingDown',
      ended: 'ended',
    },
  },
  ownerClose: {
    by: 'close() of an application that was handed over',
    from: {
      created: 'gated',
      booting: 'gated',
      running: 'gated',
      failed: 'gated',
      gated: 'gated',
      tearingDown: 'tearingDown',
      ended: 'ended',
    },
  },
  teardown: {
    by: 'the first onModuleDestroy, or the close() of a microservice',
    from: {
      created: 'gated',
      booting: 'gated',
      running: 'gated',
      failed: 'gated',
      // Nest 11 starts another teardown for each close() and each signal.
      gated: 'gated',
      tearingDown: 'tearingDown',
      ended: 'ended',
    },
  },
  pass: {
    by: 'a teardown at the gate',
    from: { gated: 'gated', tearingDown: 'tearingDown', ended: 'ended' },
  },
  release: {
    by: 'the phase release',
    from: {
      created: 'tearingDown',
      booting: 'tearingDown',
      running: 'tearingDown',
      failed: 'tearingDown',
      gated: 'tearingDown',
      // With `hooks: 'native'`, Nest may have called all hooks before.
      ended: 'ended',
    },
  },
  end: {
    by: 'the last onApplicationShutdown, or the end of close()',
    // From `gated` if the shutdown was forced before the phase release.
    from: { gated: 'ended', tearingDown: 'ended', ended: 'ended' },
  },
  giveUp: {
    by: 'the end of the time allotted to Nest',
    from: { running: 'ended', tearingDown: 'ended', ended: 'ended' },
  },
};

/** Holds the state of one application, and records the triggers that have occurred. */
export class LifecycleMachine {
  readonly #onImpossible: (what: string) => void;
  readonly #seen = new Set<LifecycleTrigger>();
  #state: LifecycleState = 'created';

  /** @param onImpossible called for a trigger that is not possible in the current state; the state stays unchanged */
  constructor(onImpossible: (what: string) => void) {
    this.#onImpossible = onImpossible;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Whether a trigger has occurred. */
  hasSeen(trigger: LifecycleTrigger): boolean {
    return this.#seen.has(trigger);
  }

  pull(trigger: LifecycleTrigger): void {
    const { by, from } = LIFECYCLE_TRANSITIONS[trigger];
    const next = from[this.#state];
    if (next === undefined) return this.#onImpossible(`${by} is unexpected in the state ${this.#state}`);
    this.#seen.add(trigger);
    this.#state = next;
  }
}
