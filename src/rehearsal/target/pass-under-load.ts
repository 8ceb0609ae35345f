import { describeExit } from './exit-of.js';
import { RehearsalError } from './rehearsal-error.js';
import type { Application } from './application.js';

/** Lets time pass; rejects with a {@link RehearsalError} if one of the applications has ended or ends meanwhile. */
export async function passUnderLoad(ms: number, applications: readonly Application[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const ends = applications.map(async (application) => ({ application, exit: await application.exited }));
  const ended = await Promise.race([...ends, passed]);
  clearTimeout(timer);
  if (ended) {
    const { application, exit } = ended;
    throw new RehearsalError(
      `${application.name} ended with ${describeExit(exit)} under load, before any signal: what it printed says why`,
    );
  }
}
