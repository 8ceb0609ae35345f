import { costsOfARequest, LoadedServer } from './loaded-server.js';
import { pin } from './measured-server.js';
import { median, quartiles } from './statistics.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const SERVERS = 15;
const PROMISED = 1.01;

/** What a request costs the server's CPU while nothing shuts down, against bare Nest. */
export async function measure(): Promise<readonly Figure[]> {
  pin(process.pid, 1);
  return [await compare('express'), await compare('fastify')];
}

async function compare(platform: ServerPlan['platform']): Promise<Figure> {
  const ratios: number[] = [];
  const costs: number[] = [];
  // Processes differ more among each other than what is to be measured: so there are several.
  for (let round = 0; round < SERVERS; round += 1) {
    const modes = round % 2 === 0 ? (['bare', 'drain'] as const) : (['drain', 'bare'] as const);
    await using one = await LoadedServer.start({ platform, mode: modes[0] });
    await using other = await LoadedServer.start({ platform, mode: modes[1] });
    const [bare, drain] = round % 2 === 0 ? [one, other] : [other, one];
    const [bareCost, drainCost] = await costsOfARequest(bare, drain);
    costs.push(bareCost);
    ratios.push(drainCost / bareCost);
  }
  const [lower, upper] = quartiles(ratios).map((ratio) => ratio.toFixed(3));
  return {
    what: `CPU per request, ${platform}`,
    measured:
      `${median(ratios).toFixed(3)} of bare Nest (half of the pairs ${lower} to ${upper}), ` +
      `which takes ${median(costs).toFixed(1)} µs; ${ratios.length} pairs`,
    promised: `at most ${PROMISED}`,
    isKept: median(ratios) <= PROMISED,
  };
}
