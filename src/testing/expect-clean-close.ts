import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../util/clock.js';
import { messageOf } from '../core/errors.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { OpenHandles } from './open-handles.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { ShutdownReport } from '../core/report.js';

/** How {@link expectCleanClose} looks at an application. */
export interface CleanCloseOptions<App extends INestApplicationContext = INestApplicationContext> {
  /** Does something with the application before it is closed. Default: it is initialised. */
  readonly use?: (app: App) => unknown;
  /** How long closing may take, in milliseconds; less than the test runner's own limit. Default: 3 000. */
  readonly timeoutMs?: number;
}

/** Handles take some turns of the event loop to close; what is open after this long stays. */
const SETTLING_MS = 500;

/**
 * Creates an application, uses it, closes it, and fails when that is not clean: when a hook or participant hangs, throws
 * or is cut short, or when something is left open that would keep the process alive.
 *
 * Works with any test runner: it needs nothing but an `async` test.
 *
 * @param create makes the application, which imports `GracefulShutdownModule`; what it opens is watched
 * @param options what to do with it, and how long closing it may take
 * @returns the report of the shutdown
 * @throws {Error} with one line for each thing that is wrong, by name
 */
export async function expectCleanClose<App extends INestApplicationContext>(
  create: () => App | Promise<App>,
  { use = initialise, timeoutMs = 3_000 }: CleanCloseOptions<App> = {},
): Promise<ShutdownReport> {
  const handles = new OpenHandles();
  try {
    const app = await create();
    const coordinator = coordinatorOf(app);
    try {
      await use(app);
    } catch (error) {
      // What it has open would keep the test runner alive; and why it could not be used tells more than how it closes.
      await close(app, coordinator, timeoutMs);
      throw error;
    }
    const problems = await close(app, coordinator, timeoutMs);
    const { report } = coordinator;
    if (report) problems.push(...problemsIn(report), ...(await leftOpen(handles)));
    if (problems.length === 0 && report) return report;
    throw new Error(['The application did not close cleanly:', ...problems].join('\n  - '));
  } finally {
    handles.dispose();
  }
}

async function initialise(app: INestApplicationContext): Promise<void> {
  await app.init();
}

function coordinatorOf(app: INestApplicationContext): ShutdownCoordinator {
  try {
    return app.get(ShutdownCoordinator, { strict: false });
  } catch (error) {
    throw new Error('expectCleanClose needs an application that imports GracefulShutdownModule', {
      cause: error,
    });
  }
}

/** @returns what kept it from closing */
async function close(
  app: INestApplicationContext,
  coordinator: ShutdownCoordinator,
  timeoutMs: number,
): Promise<string[]> {
  let cancel = (): void => {};
  const timedOut = new Promise<string[]>((resolve) => {
    const timer = systemClock.setTimer(() => {
      const pending = coordinator
        .progress()
        .pending.map(({ name, phase }) => `${name} was still pending in ${phase} after ${timeoutMs} ms`);
      resolve(pending.length > 0 ? pending : [`close() had not returned after ${timeoutMs} ms`]);
    }, timeoutMs);
    cancel = () => timer.cancel();
  });
  const closed = app.close().then(
    () => (coordinator.report ? [] : ['close() returned, and its shutdown is not over']),
    // What an unclean shutdown rejects with, the report tells better.
    (error: unknown) => (coordinator.report ? [] : [`close() failed: ${messageOf(error)}`]),
  );
  const problems = await Promise.race([closed, timedOut]);
  cancel();
  return problems;
}

function problemsIn({ participants, cuts, forcedBy }: ShutdownReport): string[] {
  return [
    ...participants
      .filter(({ outcome }) => outcome !== 'completed')
      .map(({ name, outcome, phase, error, registeredAt }) => {
        const why = error === undefined ? '' : `: ${error}`;
        const where = registeredAt === undefined ? '' : ` (registered at ${registeredAt})`;
        return `${name} ${outcome} in ${phase}${why}${where}`;
      }),
    ...cuts.map(({ kind, name, phase }) => `${kind} ${name} was cut in ${phase}`),
    ...(forcedBy === undefined ? [] : [`the shutdown was forced by ${forcedBy}`]),
  ];
}

async function leftOpen(handles: OpenHandles): Promise<string[]> {
  const until = systemClock.now() + SETTLING_MS;
  let open = handles.describe();
  while (open.length > 0 && systemClock.now() < until) {
    await nextTurn();
    open = handles.describe();
  }
  return open.map((what) => `still open: ${what}`);
}
