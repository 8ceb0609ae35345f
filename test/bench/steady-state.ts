import { KeepAliveLoad } from './keep-alive-load.js';
import { pin, startServer, type MeasuredServer } from './measured-server.js';
import { median, quartiles } from './statistics.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const SERVERS = 7;
const PAIRS_PER_SERVER = 3;
const REQUESTS = 4_000;
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
    await using bare = await LoadedServer.start({ platform, mode: 'bare' });
    await using drain = await LoadedServer.start({ platform, mode: 'drain' });
    for (let pair = 0; pair < PAIRS_PER_SERVER; pair += 1) {
      const isBareFirst = (round + pair) % 2 === 0;
      const first = await (isBareFirst ? bare : drain).costOfARequest();
      const second = await (isBareFirst ? drain : bare).costOfARequest();
      costs.push(isBareFirst ? first : second);
      ratios.push(isBareFirst ? second / first : first / second);
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

class LoadedServer implements AsyncDisposable {
  readonly #server: MeasuredServer;
  readonly #load: KeepAliveLoad;

  private constructor(server: MeasuredServer, load: KeepAliveLoad) {
    this.#server = server;
    this.#load = load;
  }

  static async start(plan: ServerPlan): Promise<LoadedServer> {
    const server = await startServer(plan);
    const load = await KeepAliveLoad.connect(server.port, CONNECTIONS, '/quick');
    await load.send(WARM_UP_REQUESTS);
    return new LoadedServer(server, load);
  }

  /** In microseconds of CPU time. */
  async costOfARequest(): Promise<number> {
    const before = await this.#cpu();
    await this.#load.send(REQUESTS);
    return ((await this.#cpu()) - before) / REQUESTS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#load.close();
    await this.#server[Symbol.asyncDispose]();
  }

  async #cpu(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#server.port}/cpu`);
    return ((await response.json()) as { microseconds: number }).microseconds;
  }
}
