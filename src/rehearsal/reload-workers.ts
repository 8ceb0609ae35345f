import { Application } from './target/application.js';
import { describeExit } from './target/exit-of.js';
import { passUnderLoad } from './target/pass-under-load.js';
import { RehearsalError } from './target/rehearsal-error.js';
import { replacementOf, type ReloadPlan } from './plan.js';
import { seenWorkers, signalProcess, type Replacement } from './worker-records.js';

/**
 * Has all workers replaced at once, by a signal to their primary process or by a command.
 *
 * @param env variables for the command, beside those that it inherits
 * @throws {RehearsalError} if the command fails
 */
export async function reloadWorkers(
  { plan, application, workers, load, onlooker }: Replacement,
  reload: ReloadPlan,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await passUnderLoad(plan.durationMs, [application]);
  await workers.until(() => true, 0);
  const old = workers.serving;
  load.observations.signalled();
  const signalledAt = performance.now();
  onlooker.step(replacementOf(plan, { reload }));
  const onOutput = (text: string): void => onlooker.output(text);
  await using command =
    'signal' in reload ? undefined : await Application.start({ command: reload.command, env, onOutput });
  if ('signal' in reload) signalProcess(old[0]!.primary, reload.signal);

  const isOver = (): true | undefined => {
    const { exit } = command ?? {};
    if (exit && exit.code !== 0) {
      throw new RehearsalError(
        `the command that replaces the workers ended with ${describeExit(exit)}: what it printed says why`,
      );
    }
    const haveEnded = old.every((worker) => worker.exit !== undefined);
    return haveEnded && workers.serving.length >= old.length && (!command || exit) ? true : undefined;
  };
  await workers.until(isOver, old.length * Math.max(plan.graceMs, plan.readyTimeoutMs));
  for (const { pid, exit } of old) {
    onlooker.step(`worker ${pid} ${exit ? `ended: ${describeExit(exit)}` : 'runs on'}`);
  }
  load.restarted(seenWorkers(old, workers, { signalledAt, killed: new Set() }));
}
