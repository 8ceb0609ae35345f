import { safeJson } from '../util/safe-json.js';
import type { Clock, Timer } from '../util/clock.js';
import type { ShutdownProgress } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';

/** How often work in flight is counted during a shutdown, in milliseconds: nothing tells when a request has ended. */
const INTERVAL_MS = 250;

/** Receives the progress; `isOver` is true once, at the end of the shutdown. */
type Listener = (progress: ShutdownProgress, isOver: boolean) => void;

/**
 * Calls back with the current progress, and with every change: at each event, and between events as often as work in flight is
 * counted. Ages and remaining times are no changes.
 *
 * @returns a function that stops this
 */
export function onProgressChange(
  coordinator: ShutdownCoordinator,
  clock: Clock,
  listener: Listener,
): () => void {
  let latest: string | undefined;
  let timer: Timer | undefined;
  const look = (isOver: boolean): void => {
    const progress = coordinator.progress();
    const content = contentOf(progress);
    if (content === latest && !isOver) return;
    latest = content;
    listener(progress, isOver);
  };
  const schedule = (): void => {
    timer ??= clock.setTimer(() => {
      timer = undefined;
      if (!coordinator.isShuttingDown || coordinator.report) return;
      schedule();
      look(false);
    }, INTERVAL_MS);
  };
  const unobserve = coordinator.observe(({ type }) => {
    const isOver = type === 'finished';
    if (isOver) stop();
    else schedule();
    look(isOver);
  });
  const stop = (): void => {
    unobserve();
    timer?.cancel();
    timer = undefined;
  };
  const isOver = coordinator.report !== undefined;
  if (isOver) stop();
  else if (coordinator.isShuttingDown) schedule();
  look(isOver);
  return stop;
}

function contentOf(progress: ShutdownProgress): string {
  const pending = progress.pending.map(({ name, phase }) => [name, phase]);
  return safeJson({ ...progress, elapsedMs: undefined, remainingMs: undefined, pending });
}
