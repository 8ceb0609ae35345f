import { ResourceRegistry } from '../../../src/resources/resource-registry.js';
import { strictProbes } from '../../support/strict-probes.js';
import { setUp as setUpCoordinator } from '../core/coordinator-on-manual-clock.js';
import type { Setup as CoordinatorSetup } from '../core/coordinator-on-manual-clock.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import type { ManualClock } from '../../../src/testing/manual-clock.js';

export interface Setup extends CoordinatorSetup {
  readonly resources: ResourceRegistry;
  readonly logged: string[];
  /** Names of what was begun to be closed, and of what was closed: `db`, `db.` */
  readonly journal: string[];
  /** Something to close that takes its time, and tells the journal. */
  closable(this: void, name: string, closingMs?: number): { close(): Promise<void> };
}

/** Resources of a coordinator with ten seconds, of which two are reserved; each may take 500 ms. */
export function setUp(options: Partial<CoordinatorOptions> = {}): Setup {
  const setup = setUpCoordinator(options);
  const { clock, coordinator } = setup;
  const [logged, journal]: [string[], string[]] = [[], []];
  const tell =
    (level: string) =>
    (message: string): void =>
      void logged.push(`${level}: ${message}`);
  const logger = { log: tell('log'), warn: tell('warn'), error: tell('error'), debug: tell('debug') };
  const resources = new ResourceRegistry({
    clock,
    coordinator,
    logger,
    resourceTimeoutMs: 500,
    probes: strictProbes(),
  });
  void coordinator.finished.then(() => resources.closeLoggers());
  const closable = (name: string, closingMs = 10): { close(): Promise<void> } => ({
    close: async () => {
      journal.push(name);
      await sleep(clock, closingMs);
      journal.push(`${name}.`);
    },
  });
  return { ...setup, resources, logged, journal, closable };
}

export function sleep(clock: ManualClock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(resolve, ms));
}
