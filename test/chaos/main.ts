import { parseArgs } from 'node:util';
import { violationsOf } from './invariants.js';
import { planFor, SABOTAGES, type ChaosPlan } from './plan.js';
import { observe } from './run.js';

const USAGE = `Usage: npm run chaos -- [--seed N] [--runs M] [--jobs J] [--sabotage ${SABOTAGES.map((name) => `"${name}"`).join('|')}]`;

interface Round {
  readonly seed: number;
  readonly runs: number;
  readonly jobs: number;
  readonly sabotage: ChaosPlan['sabotage'];
}

function roundOf(args: readonly string[]): Round {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        runs: { type: 'string', default: '20' },
        jobs: { type: 'string', default: '2' },
        sabotage: { type: 'string' },
      },
    });
    const sabotage = SABOTAGES.find((name) => name === values.sabotage);
    if (values.sabotage !== undefined && !sabotage) throw new Error(`no such sabotage: ${values.sabotage}`);
    const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : wholeNumber('seed', values.seed);
    return {
      seed,
      runs: wholeNumber('runs', values.runs),
      jobs: wholeNumber('jobs', values.jobs),
      sabotage,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} ${text}: give a whole number`);
  return Number(text);
}

/** @returns whether nothing was violated; else it has told everything that is needed to find out why */
async function run(plan: ChaosPlan): Promise<boolean> {
  try {
    const observation = await observe(plan);
    const { exit, requests, events } = observation;
    const violations = violationsOf(observation);
    const end = exit.signal ?? `code ${exit.code}`;
    const verdict = violations.length === 0 ? 'ok' : 'VIOLATED';
    console.log(
      `seed ${plan.seed}: ${verdict}, Nest ${plan.nest} on ${plan.platform}${plan.cluster ? `, worker (${plan.cluster})` : ''}, ${plan.steps.map(({ does }) => does).join(', ')}; ${end}, ` +
        `${requests.length} requests`,
    );
    if (violations.length === 0) return true;
    const faults = violations.map((violation) => `  ${violation}`).join('\n');
    const load = requests
      .filter(({ outcome }) => outcome !== 'answered')
      .map((request) => JSON.stringify(request))
      .join('\n');
    console.log(
      `${faults}\nThe plan:\n${JSON.stringify(plan, null, 1)}\nWhat was done, and when:\n${JSON.stringify(observation.steps)}\n` +
        `Requests without an answer:\n${load}\nWhat the application printed, ${events.length} events among it:\n${exit.output}`,
    );
  } catch (error) {
    console.log(`seed ${plan.seed}: FAILED: ${String(error)}\nThe plan:\n${JSON.stringify(plan, null, 1)}`);
  }
  return false;
}

const { seed, runs, jobs, sabotage } = roundOf(process.argv.slice(2));
const seeds = Array.from({ length: runs }, (_, index) => seed + index);
const violated: number[] = [];
async function work(): Promise<void> {
  for (let next = seeds.shift(); next !== undefined; next = seeds.shift()) {
    if (!(await run(planFor(next, sabotage)))) violated.push(next);
  }
}
await Promise.all(Array.from({ length: jobs }, work));
console.log(`\n${runs - violated.length} of ${runs} runs without a violation, from seed ${seed} on`);
if (violated.length > 0) {
  console.log(
    `again: ${violated.map((each) => `npm run chaos -- --seed ${each} --runs 1${sabotage ? ` --sabotage "${sabotage}"` : ''}`).join('\n       ')}`,
  );
  process.exitCode = 1;
}
