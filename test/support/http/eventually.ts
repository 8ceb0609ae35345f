import { setImmediate as nextTurn } from 'node:timers/promises';

/** Resolves when the event loop has come to a state in which `isSo`; a test that waits in vain runs into its timeout. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

/** Lets everything happen that is about to. */
export async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}
