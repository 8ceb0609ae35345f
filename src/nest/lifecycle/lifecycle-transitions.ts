/** Where an application is in its life, as far as Nest's hooks tell. */
export type LifecycleState =
  /** Nest has made its instances. */
  | 'created'
  /** Nest calls its init and bootstrap hooks. */
  | 'booting'
  /** The bootstrap is over. */
  | 'running'
  /** The bootstrap has thrown: there is nothing to wait for. */
  | 'failed'
  /** Somebody closes the application, and waits at the gate until everything is drained. */
  | 'gated'
  /** The gate is open: Nest destroys what it has made. */
  | 'tearingDown'
  /** Nest has reached its last hook, has failed, or is not waited for any longer. */
  | 'ended';

/** What moves an application from one state to another. */
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

/** Who pulls a trigger, and where it leads from each state in which it is possible. */
export interface LifecycleTransition {
  readonly by: string;
  readonly from: Readonly<Partial<Record<LifecycleState, LifecycleState>>>;
}

/** The life of an application as data: {@link NestLifecycle} moves by this table and in no other way. */
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
      // A bootstrap goes on while its owner closes the application.
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
      // listen() fails after the bootstrap where the port is taken.
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
    by: 'the first onModuleDestroy',
    from: {
      created: 'gated',
      booting: 'gated',
      running: 'gated',
      failed: 'gated',
      // Nest 11 tears down anew for each close() and each signal.
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
      // Where Nest keeps its own order, its hooks may all have been called before.
      ended: 'ended',
    },
  },
  end: {
    by: 'the last onApplicationShutdown, or the end of close()',
    // Without the phase release where the shutdown was forced before it.
    from: { gated: 'ended', tearingDown: 'ended', ended: 'ended' },
  },
  giveUp: {
    by: 'the end of the time that Nest has',
    from: { running: 'ended', tearingDown: 'ended', ended: 'ended' },
  },
};

/** Holds the state of one application, and remembers which triggers it has seen. */
export class LifecycleMachine {
  readonly #onImpossible: (what: string) => void;
  readonly #seen = new Set<LifecycleTrigger>();
  #state: LifecycleState = 'created';

  /** @param onImpossible is told of a trigger that is not possible in the current state, which it leaves as it is */
  constructor(onImpossible: (what: string) => void) {
    this.#onImpossible = onImpossible;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Whether a trigger was pulled so far. */
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
