import { costsOfARequest, LoadedServer } from './loaded-server.js';
import { pin } from './measured-server.js';
import { median, quartiles } from './statistics.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const PAIRS = 9;
const PROMISED = 0.99;

/** What a server that is scraped answers, with the metrics of its shutdown and without them; for a second of its CPU. */
export async function measure(): Promise<readonly Figure[]> {
  pin(process.pid, 1);
  const plan = { platform: 'express', mode: 'drain' } as const satisfies ServerPlan;
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const order = ['without-shutdown', 'with-shutdown'] as const;
    // Which of the two is started first takes turns: the second finds a machine that is warmer.
    const [first, second] = pair % 2 === 0 ? order : order.toReversed();
    await using one = await LoadedServer.start({ ...plan, metrics: first! });
    await using other = await LoadedServer.start({ ...plan, metrics: second! });
    for (const server of [one, other]) await server.scrape();
    const [oneCost, otherCost] = await costsOfARequest(one, other);
    const [without, with_] = pair % 2 === 0 ? [oneCost, otherCost] : [otherCost, oneCost];
    ratios.push(without / with_);
    rates.push(1_000_000 / without);
  }
  const [lower, upper] = quartiles(ratios).map((ratio) => ratio.toFixed(3));
  return [
    {
      what: 'requests per second, with metrics',
      measured:
        `${median(ratios).toFixed(3)} of without (half of the pairs ${lower} to ${upper}), ` +
        `which are ${median(rates).toFixed(0)}; ${PAIRS} pairs`,
      promised: `at least ${PROMISED}`,
      isKept: median(ratios) >= PROMISED,
    },
  ];
}
