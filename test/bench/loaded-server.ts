import { KeepAliveLoad } from './keep-alive-load.js';
import { startServer, type MeasuredServer } from './measured-server.js';
import type { ServerPlan } from './server.js';

/**
 * A pair is measured in slices that alternate, so that what else the machine does hits both alike. There are so many because
 * the full collections of garbage, which make some slices twice as expensive, have to be in the measure in their proportion.
 */
const SLICES = 32;
const REQUESTS_PER_SLICE = 500;
const WARM_UP_REQUESTS = 12_000;
const CONNECTIONS = 32;

/** What a request costs each of two servers, in microseconds of its CPU time. */
export async function costsOfARequest(
  one: LoadedServer,
  other: LoadedServer,
): Promise<readonly [number, number]> {
  const before = [await one.cpu(), await other.cpu()] as const;
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (const server of slice % 2 === 0 ? [one, other] : [other, one])
      await server.load.send(REQUESTS_PER_SLICE);
  }
  const requests = SLICES * REQUESTS_PER_SLICE;
  return [((await one.cpu()) - before[0]) / requests, ((await other.cpu()) - before[1]) / requests];
}

/** A server that is warm, and the connections that load it. */
export class LoadedServer implements AsyncDisposable {
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

  async scrape(): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.#server.port}/metrics`);
    await response.arrayBuffer();
  }

  /** What the process has used so far, in microseconds. */
  async cpu(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#server.port}/cpu`);
    return ((await response.json()) as { microseconds: number }).microseconds;
  }
}
