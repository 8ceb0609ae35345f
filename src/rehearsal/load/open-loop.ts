/** Requests of one kind, arriving at a fixed rate. */
export interface Arrivals<Plan> {
  readonly perSecond: number;
  /** Makes the request that arrives as number `index`, from 0. */
  readonly plan: (index: number) => Plan;
}

/**
 * Sends at the times that the rates ask for, never waiting for an answer: a server that falls silent gets no rest,
 * and every request that a real client would have sent is sent and counted. What fell due while this process was
 * busy is sent at once.
 *
 * @param send gets the time at which the request was due, in the milliseconds of `performance.now()`
 * @returns when `signal` has ended the arrivals and every request has had its end
 */
export async function openLoop<Plan>(
  mix: readonly Arrivals<Plan>[],
  send: (plan: Plan, dueAt: number) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = new Set<Promise<unknown>>();
  const fire = (plan: Plan, dueAt: number): void => {
    const sent = send(plan, dueAt).finally(() => unfinished.delete(sent));
    unfinished.add(sent);
  };
  const startedAt = performance.now();
  await Promise.all(mix.map((arrivals) => arrive(arrivals, startedAt, fire, signal)));
  await Promise.all(unfinished);
}

function arrive<Plan>(
  { perSecond, plan }: Arrivals<Plan>,
  startedAt: number,
  fire: (plan: Plan, dueAt: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    let index = 0;
    let timer: NodeJS.Timeout | undefined;
    const dueAt = (): number => startedAt + (index * 1000) / perSecond;
    const next = (): void => {
      for (; !signal.aborted && dueAt() <= performance.now(); index += 1) fire(plan(index), dueAt());
      if (signal.aborted) resolve();
      else timer = setTimeout(next, Math.max(0, dueAt() - performance.now()));
    };
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
    next();
  });
}
