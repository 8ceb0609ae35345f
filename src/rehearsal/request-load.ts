import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { openLoop } from './load/open-loop.js';
import { Punctuality, type PunctualityFigures } from './load/punctuality.js';
import { sendRequest, type RequestPlan, type RequestResult, type Target } from './load/request.js';
import { inTurns } from './load/weighted.js';
import { RehearsalError } from './target/rehearsal-error.js';
import type { Balancer } from './balancers/balancer.js';
import type { EndedRequest, Observations } from './observations.js';
import type { WeightedRequest } from './plan.js';

/** As many as a balancer keeps open to an instance. */
const KEPT_CONNECTIONS = 8;

/** What requests are sent to, and how. */
export interface LoadOptions {
  readonly url: URL;
  readonly requests: readonly WeightedRequest[];
  readonly rate: number;
  readonly timeoutMs: number;
  /** The balancer there, if there is one. */
  readonly balancer?: Pick<Balancer, 'name' | 'closesIdleClients'>;
}

/** Sends requests at fixed times, in turns over connections that are kept alive and over new ones. */
export class RequestLoad {
  readonly #options: LoadOptions;
  readonly #target: Omit<Target, 'agent'>;
  readonly #agents: Readonly<Record<EndedRequest['connection'], HttpAgent>>;
  #punctuality = new Punctuality();
  #requests: readonly WeightedRequest[];

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#requests = options.requests;
    const { hostname, protocol, port } = options.url;
    const secure = protocol === 'https:';
    this.#target = {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || (secure ? 443 : 80)),
      secure,
      timeoutMs: options.timeoutMs,
      ...(options.balancer !== undefined && { balancer: options.balancer.name }),
    };
    const Agent = secure ? HttpsAgent : HttpAgent;
    this.#agents = {
      // Every connection of the pool gets its turn, so that few of them are idle when the signal comes.
      'kept-alive': new Agent({ keepAlive: true, scheduling: 'fifo', maxFreeSockets: KEPT_CONNECTIONS }),
      new: new Agent({ keepAlive: false }),
    };
  }

  /** Returns how late requests were sent since the last call. */
  takePunctuality(): PunctualityFigures {
    const figures = this.#punctuality.figures();
    this.#punctuality = new Punctuality();
    return figures;
  }

  /**
   * Sends each request once. What it is answered with is the answer from then on, unless another is expected.
   *
   * @returns sentences about answers other than 2xx
   * @throws {RehearsalError} if one is not answered, or with an error
   */
  async settleExpectations(): Promise<readonly string[]> {
    const remarks: string[] = [];
    const settled = this.#requests.map(async ({ request, weight }) => {
      const { outcome, status } = await this.#send(request, 'new');
      const { kind, expected } = request;
      if (outcome === 'answered') return { request, weight };
      const seen = status === undefined ? `ended as ${outcome}` : `was answered with ${status}`;
      if (status === undefined || status >= 500 || expected !== undefined) {
        throw new RehearsalError(
          `${kind} ${seen} before any signal: a rehearsal is made of requests that are answered; choose others with --path, --method, --header and --body`,
        );
      }
      remarks.push(`${kind} ${seen}, which counts as its answer: --path says what else to ask`);
      return { request: { ...request, expected: status }, weight };
    });
    this.#requests = await Promise.all(settled);
    return remarks;
  }

  /** Opens the connections that are kept alive, with a request each that is not counted. */
  async openConnections(): Promise<void> {
    const next = inTurns(this.#requests);
    await Promise.all(
      Array.from({ length: KEPT_CONNECTIONS }, () => this.#send(next().request, 'kept-alive')),
    );
  }

  /**
   * Sends requests until `over` aborts; resolves when each has had its end.
   *
   * @param current called when a request is sent: returns what notes its end
   */
  async run(current: () => Observations, over: AbortSignal): Promise<void> {
    const next = inTurns(this.#requests);
    const send = async (index: number, dueAt: number): Promise<void> => {
      this.#punctuality.sent(dueAt);
      const connection = index % 2 === 0 ? 'kept-alive' : 'new';
      const observations = current();
      const sentAt = performance.now();
      const result = await this.#send(next().request, connection);
      observations.ended({ result, connection, sentAt, endedAt: performance.now() });
    };
    await openLoop([{ perSecond: this.#options.rate, plan: (index) => index }], send, over);
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #send(request: RequestPlan, connection: EndedRequest['connection']): Promise<RequestResult> {
    const result = await sendRequest(request, { ...this.#target, agent: this.#agents[connection] });
    const isClosedByBalancer =
      this.#options.balancer?.closesIdleClients === true && result.outcome === 'reset-reused';
    return isClosedByBalancer ? this.#send(request, 'new') : result;
  }
}
