import { signalExitCode } from '../process/exit-code.js';
import { LiveProgress } from '../rehearsal/output/live-progress.js';
import { ProgressDisplay } from '../rehearsal/output/progress.js';
import { rehearsalText } from '../rehearsal/output/text.js';
import { rehearse } from '../rehearsal/rehearse.js';
import { RehearsalError } from '../rehearsal/target/rehearsal-error.js';
import { parseFlags } from '../rehearsal/flags/flags.js';
import { checkOutputs, writeOutputs } from './rehearse-outputs.js';
import { planOf } from '../rehearsal/flags/plan-of.js';
import { REHEARSE_USAGE } from './rehearse-usage.js';
import type { Command, CommandResult } from './command.js';

/** Where there is nothing to judge. */
const NOTHING_TO_JUDGE = 3;

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ended by a signal to this process. */
class Interrupted extends Error {
  readonly signal: (typeof INTERRUPTIONS)[number];

  constructor(signal: (typeof INTERRUPTIONS)[number]) {
    super(`interrupted by ${signal}: the application was killed`);
    this.signal = signal;
  }
}

/** Runs `nestjs-drain rehearse`: the result is on stdout, progress and what the application prints on stderr. */
async function run(args: readonly string[]): Promise<CommandResult> {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const flags = parseFlags(args.slice(0, end));
  const plan = planOf(args.slice(end + 1), flags);
  checkOutputs(flags);

  const interruption = new AbortController();
  const listeners = INTERRUPTIONS.map((signal) => {
    const interrupt = (): void => interruption.abort(new Interrupted(signal));
    process.on(signal, interrupt);
    return () => process.off(signal, interrupt);
  });
  const startedAt = Date.now();
  const display = new ProgressDisplay(new LiveProgress(process.stderr));
  try {
    const report = await rehearse(plan, display, interruption.signal).finally(() => display.end());
    writeOutputs(report, flags, startedAt);
    return { stdout: rehearsalText(report), exitCode: report.exitCode };
  } catch (error) {
    if (error instanceof RehearsalError)
      return { stderr: `nestjs-drain: ${error.message}`, exitCode: NOTHING_TO_JUDGE };
    if (error instanceof Interrupted) {
      return { stderr: `nestjs-drain: ${error.message}`, exitCode: signalExitCode(error.signal) };
    }
    throw error;
  } finally {
    for (const remove of listeners) remove();
  }
}

/** The command `rehearse`. */
export const REHEARSE_COMMAND: Command = {
  name: 'rehearse',
  summary: 'shuts an application down under load, and tells what its clients lost',
  usage: REHEARSE_USAGE,
  run,
};
