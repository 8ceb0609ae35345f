import { median, quartiles } from './statistics.js';

const PAIRS = 31;

/** In nanoseconds. */
export type BenchClock = () => number;

const wallClock: BenchClock = () => Number(process.hrtime.bigint());

/** For what never waits: other programs on the machine do not count. */
export const cpuClock: BenchClock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
};

/** What one of two costs more than the other, in nanoseconds for each of `count` times that `run` does it. */
export async function compare<Subject>(
  bare: Subject,
  tracked: Subject,
  run: (subject: Subject) => Promise<void>,
  count: number,
  clock = wallClock,
): Promise<{ median: number; text: string }> {
  const time = async (subject: Subject): Promise<number> => {
    const startedAt = clock();
    await run(subject);
    return (clock() - startedAt) / count;
  };
  for (const subject of [bare, tracked, bare, tracked]) await time(subject);
  const differences: number[] = [];
  const costs: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const first = await time(pair % 2 === 0 ? bare : tracked);
    const second = await time(pair % 2 === 0 ? tracked : bare);
    differences.push(pair % 2 === 0 ? second - first : first - second);
    costs.push(Math.min(first, second));
  }
  const [lower, upper] = quartiles(differences).map((ns) => ns.toFixed(0));
  const middle = median(differences);
  return {
    median: middle,
    text:
      `${middle.toFixed(0)} ns more (half of ${PAIRS} pairs ${lower} to ${upper}) ` +
      `than the ${median(costs).toFixed(0)} ns without`,
  };
}
