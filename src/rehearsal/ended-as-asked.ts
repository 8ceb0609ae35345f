import { signalExitCode } from '../process/exit-code.js';
import type { Exit } from './target/application.js';

/** Whether an end is one that one of these signals asks for. */
export function endedAsAsked({ code, signal }: Exit, asked: readonly NodeJS.Signals[]): boolean {
  return code === 0 || asked.some((each) => signal === each || code === signalExitCode(each));
}
