import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { BackgroundTasks, ShutdownCoordinator, type TaskContext } from 'nestjs-drain';
import { ImportStore } from './import-store.js';

export const STEPS = 30;
const STEP_MS = 100;

/** Does the import, or goes on with it where another instance has left it. */
@Injectable()
export class ImportTask {
  readonly #instance = process.env['INSTANCE'] ?? String(process.pid);
  #hasBegun = false;

  constructor(
    private readonly tasks: BackgroundTasks,
    private readonly coordinator: ShutdownCoordinator,
    private readonly store: ImportStore,
  ) {}

  /** Has this instance look whether there is something to do, now and whenever another one may have left something. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.tasks.every('import', STEP_MS, (context) => this.#goOn(context));
  }

  /** Ends when all is done, or, in a shutdown, with the step that it is at. */
  async #goOn({ reportProgress }: TaskContext): Promise<void> {
    if (!(await this.store.claim())) return;
    try {
      let done = (await this.store.stepsAfter(0)).length;
      while (done < STEPS && !this.coordinator.signal.aborted) {
        await delay(STEP_MS);
        done += 1;
        await this.store.append({ step: done, by: this.#instance });
        reportProgress(`${done} of ${STEPS}`);
      }
    } finally {
      await this.store.release();
    }
  }
}
