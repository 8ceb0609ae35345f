import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** Turns of the event loop that what is about to happen needs. */
const PROMPT_TURNS = 20;
/** How often whatever takes longer is looked at: between two looks, the processor is free for it. */
const LOOK_AGAIN_MS = 1;

/** Resolves when the event loop has come to a state in which `isSo`; a test that waits in vain runs into its timeout. */
export async function eventually(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < PROMPT_TURNS && !isSo(); turn += 1) await nextTurn();
  while (!isSo()) await delay(LOOK_AGAIN_MS);
}

/** Lets everything happen that is about to. */
export async function someTurns(): Promise<void> {
  for (let turn = 0; turn < PROMPT_TURNS; turn += 1) await nextTurn();
}
