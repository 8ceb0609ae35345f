import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Longer than anything takes, and shorter than a test may: one that waits in vain says for what, and leaves nothing running. */
const PATIENCE_MS = 20_000;
/** Between two questions, the processor is free for whoever is to change the answer. */
const ASK_AGAIN_MS = 10;

/** Asks again and again, until the answer is as wanted; servers tell nobody when a session ends. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const startedAt = performance.now();
  let answer = await ask();
  while (!isWanted(answer)) {
    if (performance.now() - startedAt > PATIENCE_MS) {
      throw new Error(`waited in vain; the last answer was ${JSON.stringify(answer)}`);
    }
    await delay(ASK_AGAIN_MS);
    answer = await ask();
  }
  return answer;
}

/** Waits until a process is gone: one that was killed takes a moment, and may be reaped after its parent is. */
export async function untilGone(pid: number): Promise<void> {
  await until(
    async () => existsSync(`/proc/${pid}`),
    (exists) => !exists,
  );
}
