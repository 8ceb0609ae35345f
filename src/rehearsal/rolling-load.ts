import { Observations } from './observations.js';
import { ReconnectingClients } from './reconnecting-clients.js';
import { recordOf, type SeenShutdown } from './record-of.js';
import { RequestLoad } from './request-load.js';
import type { Balancer } from './balancers/balancer.js';
import type { LongLivedEndOf } from './long-lived-clients.js';
import type { Onlooker } from './onlooker.js';
import type { RehearsalPlan } from './plan.js';
import type { RunRecord } from './run-record.js';

/** What a load over several restarts is made of. */
export interface RollingLoadOptions {
  readonly plan: RehearsalPlan;
  readonly url: URL;
  /** The balancer there, if there is one. */
  readonly balancer?: Balancer;
  /** How many event streams and WebSockets each of their paths gets. */
  readonly clientsPerPath: number;
  readonly onlooker: Onlooker;
}

/** What is seen of a restart beside the load. */
export type SeenRestart = Omit<SeenShutdown, 'observations' | 'streams' | 'webSockets' | 'punctuality'>;

/** A load that goes on while one process after another is restarted, with a record for each restart. */
export class RollingLoad implements Disposable {
  readonly #onlooker: Onlooker;
  readonly #load: RequestLoad;
  readonly #over = new AbortController();
  readonly #seen: SeenShutdown[] = [];
  #streams: ReconnectingClients | undefined;
  #webSockets: ReconnectingClients | undefined;
  #loaded: Promise<void> | undefined;
  #beganAt = performance.now();
  #observations = new Observations();

  private constructor({ plan, url, balancer, onlooker }: RollingLoadOptions) {
    const { requests, rate, timeoutMs } = plan;
    this.#onlooker = onlooker;
    this.#load = new RequestLoad({ url, requests, rate, timeoutMs, ...(balancer && { balancer }) });
  }

  /** Starts it; rejects with a `RehearsalError` if a request or a connection is not answered. */
  static async start(options: RollingLoadOptions): Promise<RollingLoad> {
    const load = new RollingLoad(options);
    try {
      await load.#start(options);
      return load;
    } catch (error) {
      load[Symbol.dispose]();
      throw error;
    }
  }

  /** Of the restart that comes next or is under way. */
  get observations(): Observations {
    return this.#observations;
  }

  /** How many restarts there were. */
  get restarts(): number {
    return this.#seen.length;
  }

  /** A restart is over. */
  restarted(restart: SeenRestart): void {
    const endedAt = performance.now();
    this.#seen.push({
      ...restart,
      observations: this.#observations,
      streams: this.#ends(this.#streams, endedAt),
      webSockets: this.#ends(this.#webSockets, endedAt),
      punctuality: this.#load.takePunctuality(),
    });
    this.#beganAt = endedAt;
    this.#observations = new Observations();
    this.#onlooker.loading(this.#observations);
  }

  /**
   * Ends the load.
   *
   * @returns a record for each restart, when every request has had its end
   * @throws {RehearsalError} if nothing arrived in one of them
   */
  async end(): Promise<readonly RunRecord[]> {
    this.#over.abort();
    await this.#loaded;
    return this.#seen.map(recordOf);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#load.close();
    this.#streams?.close();
    this.#webSockets?.close();
  }

  async #start({ plan, url, clientsPerPath, onlooker }: RollingLoadOptions): Promise<void> {
    const { headers } = plan;
    for (const remark of await this.#load.settleExpectations()) onlooker.step(remark);
    const open = (kind: 'event stream' | 'WebSocket', paths: readonly string[]) =>
      ReconnectingClients.open({ kind, url, headers }, paths, clientsPerPath);
    this.#streams = await open('event stream', plan.streams);
    this.#webSockets = await open('WebSocket', plan.webSockets);
    await this.#load.openConnections();
    this.#beganAt = performance.now();
    onlooker.loading(this.#observations);
    this.#loaded = this.#load.run(() => this.#observations, this.#over.signal);
  }

  #ends(clients: ReconnectingClients | undefined, until: number): readonly LongLivedEndOf[] {
    return clients?.ends(this.#beganAt, until) ?? [];
  }
}
