import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../util/clock.js';
import { cutName } from '../report/report-lines.js';
import { messageOf } from '../core/errors.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { OpenHandles } from './open-handles.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { Cut, CutSum, ParticipantReport, ShutdownReport } from '../core/report.js';

/** Options of {@link expectCleanClose}. */
export interface CleanCloseOptions<App extends INestApplicationContext = INestApplicationContext> {
  /** Uses the application before it is closed. Default: calls `app.init()`. */
  readonly use?: ((app: App) => unknown) | undefined;
  /** Time limit for closing, in milliseconds; must be below the test runner's own timeout. Default: 3 000. */
  readonly timeoutMs?: number | undefined;
}

/** Handles need some iterations of the event loop to close; one still open after this many milliseconds is a leak. */
const SETTLING_MS = 500;

/**
 * Creates, uses and closes an application, and throws if it does not close cleanly: a hook or participant hangs, throws
 * or is abandoned, work is cut, or a handle is left open that would keep the process alive.
 *
 * Works with any test runner that supports `async` tests.
 *
 * @param create creates the application, which must import `GracefulShutdownModule`; handles opened from here on are
 *   watched
 * @param options how to use the application, and how long closing may take
 * @returns the report of the shutdown
 * @throws {Error} with one line per problem, each with a name
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
      // Closed all the same, or its handles would keep the test runner alive. The original error says more than the
      // problems of closing.
      await close(app, coordinator, handles, timeoutMs);
      throw error;
    }
    const problems = await close(app, coordinator, handles, timeoutMs);
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

/** @returns the problems that kept the application from closing */
async function close(
  app: INestApplicationContext,
  coordinator: ShutdownCoordinator,
  handles: OpenHandles,
  timeoutMs: number,
): Promise<string[]> {
  let cancel = (): void => {};
  const soFar: string[] = [];
  const openBefore = handles.ids();
  const stopObserving = coordinator.observe((event) => {
    if (event.type === 'participant-settled' && event.outcome !== 'completed') soFar.push(unclean(event));
    if (event.type === 'cut') soFar.push(cutLine(event.cut));
    if (event.type === 'cut-unnamed') soFar.push(moreCutLine(event));
  });
  const timedOut = new Promise<string[]>((resolve) => {
    const timer = systemClock.setTimer(() => {
      const pending = coordinator
        .progress()
        .pending.map(({ name, phase }) => `${name} was still pending in ${phase} after ${timeoutMs} ms`);
      const hangs = pending.length > 0 ? pending : [`close() had not returned after ${timeoutMs} ms`];
      // Earlier, servers and connections are still open on purpose.
      const isReleasing = coordinator.phase === 'release' || coordinator.phase === 'flush';
      const open = isReleasing ? handles.describe(openBefore).map(openLine) : [];
      resolve([...soFar, ...hangs, ...open]);
    }, timeoutMs);
    cancel = () => timer.cancel();
  });
  const closed = app.close().then(
    () => (coordinator.report ? [] : ['close() returned before the shutdown had finished']),
    // After an unclean shutdown, the report says more than the rejection.
    (error: unknown) => (coordinator.report ? [] : [`close() failed: ${messageOf(error)}`]),
  );
  const problems = await Promise.race([closed, timedOut]);
  cancel();
  stopObserving();
  return problems;
}

function problemsIn({ participants, cuts, moreCuts = [], forcedBy }: ShutdownReport): string[] {
  return [
    ...participants.filter(({ outcome }) => outcome !== 'completed').map(unclean),
    ...cuts.map(cutLine),
    ...moreCuts.map(moreCutLine),
    ...(forcedBy === undefined ? [] : [`the shutdown was forced by ${forcedBy}`]),
  ];
}

/** A participant that did not complete, in the report or in an event. */
interface UncleanParticipant extends Pick<ParticipantReport, 'name' | 'outcome' | 'registeredAt'> {
  readonly phase: string;
  readonly error?: unknown;
}

function unclean({ name, outcome, phase, error, registeredAt }: UncleanParticipant): string {
  const why = error === undefined ? '' : `: ${messageOf(error)}`;
  const where = registeredAt === undefined ? '' : ` (registered at ${registeredAt})`;
  return `${name} ${outcome} in ${phase}${why}${where}`;
}

function cutLine({ kind, name, phase }: Cut): string {
  return `${kind} ${name} was cut in ${phase}`;
}

function moreCutLine({ kind, name, count, phase }: Omit<CutSum, 'participant'>): string {
  return `${count} more were cut in ${phase}: ${cutName(kind, name)}`;
}

async function leftOpen(handles: OpenHandles): Promise<string[]> {
  const until = systemClock.now() + SETTLING_MS;
  let open = handles.describe();
  while (open.length > 0 && systemClock.now() < until) {
    await nextTurn();
    open = handles.describe();
  }
  return open.map(openLine);
}

function openLine(handle: string): string {
  return `still open: ${handle}`;
}
