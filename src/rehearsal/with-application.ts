import { Application } from './target/application.js';
import { failIfPortIsTaken } from './target/port-taken.js';
import { untilInterrupted } from './target/until-interrupted.js';
import { waitUntilReady, type ReadyApplication } from './target/wait-until-ready.js';
import type { Onlooker } from './onlooker.js';
import type { RehearsalPlan } from './plan.js';

/** What an application is started with, beside its plan. */
export interface StartOptions {
  readonly onlooker: Onlooker;
  /** Ends it early: then it rejects with the reason. */
  readonly interrupted: AbortSignal;
  /** Variables beside those of the plan. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts an application, and does something with it when it is ready. No process is left afterwards, however it ends.
 *
 * @throws {RehearsalError} if it cannot be started, or is never ready
 */
export async function withApplication<Result>(
  { command, env: planned, url, ready, readyTimeoutMs: timeoutMs, requests }: RehearsalPlan,
  { onlooker, interrupted, env }: StartOptions,
  act: (application: Application, ready: ReadyApplication) => Promise<Result>,
): Promise<Result> {
  if (url) await failIfPortIsTaken(url);
  await using application = await Application.start({
    command,
    onOutput: (text) => onlooker.output(text),
    env: { ...planned, ...env },
  });
  const path = requests[0]?.request.path ?? '/';
  const isReady = await waitUntilReady(
    application,
    { path, timeoutMs, ...(url && { url }), ...(ready !== undefined && { ready }) },
    interrupted,
  );
  onlooker.step(`ready at ${isReady.url.origin}`);
  return await untilInterrupted(interrupted, act(application, isReady));
}
