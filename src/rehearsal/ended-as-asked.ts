import { constants } from 'node:os';
import type { Exit } from './target/application.js';

/** The exit code by which shells and supervisors know an end by a signal. */
export function exitCodeBy(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0);
}

/** Whether an end is one that one of these signals asks for. */
export function endedAsAsked({ code, signal }: Exit, asked: readonly NodeJS.Signals[]): boolean {
  return code === 0 || asked.some((each) => signal === each || code === exitCodeBy(each));
}
