import { KeepAliveLoad } from './keep-alive-load.js';
import { pin, startServer, type MeasuredServer } from './measured-server.js';
import { median, quartiles } from './statistics.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const SERVERS = 7;
const PAIRS_PER_SERVER = 3;
/** A pair is measured in slices that alternate, so that what else the machine does hits both alike. */
const SLICES = 8;
const REQUESTS_PER_SLICE = 500;
const WARM_UP_REQUESTS = 12_000;
const CONNECTIONS = 32;
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
    for (let pair = 0; pair < PAIRS_PER_SERVER; pair += 1) {
      const [bareCost, drainCost] = await costsOfARequest(bare, drain);
      costs.push(bareCost);
      ratios.push(drainCost / bareCost);
    }
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

/** In microseconds of each server's CPU time. */
async function costsOfARequest(one: LoadedServer, other: LoadedServer): Promise<readonly [number, number]> {
  const before = [await one.cpu(), await other.cpu()] as const;
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (const server of slice % 2 === 0 ? [one, other] : [other, one])
      await server.load.send(REQUESTS_PER_SLICE);
  }
  const requests = SLICES * REQUESTS_PER_SLICE;
  return [((await one.cpu()) - before[0]) / requests, ((await other.cpu()) - before[1]) / requests];
}

class LoadedServer implements AsyncDisposable {
  readonly #server: MeasuredServer;
  readonly load: KeepAliveLoad;

  private constructor(server: MeasuredServer, load: KeepAliveLoad) {
    this.#server = server;
    this.load = load;
  }

  static async start(plan: ServerPlan): Promise<LoadedServer> {
    const server = await startServer(plan);
    const load = await KeepAliveLoad.connect(server.port, CONNECTIONS, '/quick');
    await load.send(WARM_UP_REQUESTS);
    return new LoadedServer(server, load);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.load.close();
    await this.#server[Symbol.asyncDispose]();
  }

  /** What the process has used so far, in microseconds. */
  async cpu(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#server.port}/cpu`);
    return ((await response.json()) as { microseconds: number }).microseconds;
  }
}
