import { start, type Program, type ProgramEvent, type ProgramExit, type StartOptions } from './program.js';
import type { ApplicationPlan } from '../../fixtures/plan.js';
import type { ShutdownReport } from 'nestjs-drain';

/** Who accepts connections: the primary, which deals them out, or each worker on a shared socket. */
export type SchedulingPolicy = 'rr' | 'none';

export interface TestClusterOptions extends StartOptions {
  readonly policy?: SchedulingPolicy;
  readonly workers?: number;
  /** Default: `fixtures/cluster-main`. */
  readonly primary?: string;
}

/** A cluster of processes that run the application of `test/fixtures` and share a port. */
export class TestCluster implements AsyncDisposable {
  readonly primary: Program;
  readonly #known: number[] = [];
  #ports: Readonly<Record<string, number>> = {};

  private constructor(primary: Program) {
    this.primary = primary;
  }

  /** Starts it; resolves when all workers listen. */
  static async start(
    plan: ApplicationPlan,
    { policy = 'rr', workers = 2, primary = 'fixtures/cluster-main', ...options }: TestClusterOptions = {},
  ): Promise<TestCluster> {
    const cluster = new TestCluster(
      start(primary, {
        ipc: true,
        ...options,
        env: {
          NODE_ENV: 'production',
          NODE_CLUSTER_SCHED_POLICY: policy,
          WORKERS: String(workers),
          APPLICATION: JSON.stringify(plan),
          ...options.env,
        },
      }),
    );
    while (cluster.#known.length < workers) await cluster.nextWorker();
    return cluster;
  }

  /** Of its only server. */
  get port(): number {
    return this.portOf('http');
  }

  /** Of one of several servers, by the name that its workers give it. */
  portOf(server: string): number {
    return this.#ports[server] ?? 0;
  }

  /** The process ids of the workers, in the order in which they began to listen. */
  get workers(): readonly number[] {
    return this.#known;
  }

  /** Waits for one more worker to listen. */
  async nextWorker(): Promise<number> {
    const event = await this.primary.event('listening', ({ pid }) => !this.#known.includes(pid as number));
    this.#known.push(event['pid'] as number);
    this.#ports = (event['ports'] as Record<string, number> | undefined) ?? {
      http: Number(new URL(event['url'] as string).port),
    };
    return event['pid'] as number;
  }

  /** The first event of a worker, printed before or after this call. */
  event(
    pid: number,
    name: string,
    matches: (event: ProgramEvent) => boolean = () => true,
  ): Promise<ProgramEvent> {
    return this.primary.event(name, (event) => event['pid'] === pid && matches(event));
  }

  entered(pid: number, phase: string): Promise<ProgramEvent> {
    return this.event(pid, 'phase', (event) => event['phase'] === phase);
  }

  async reportOf(pid: number): Promise<ShutdownReport> {
    const { report } = await this.event(pid, 'report');
    return report as ShutdownReport;
  }

  /** Ends the workers, and the primary after them; resolves when all are gone. */
  async stop(): Promise<ProgramExit> {
    this.primary.send('disconnect');
    await this.primary.event('disconnected');
    this.primary.signal('SIGTERM');
    return this.primary.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Without their primary they would go on to the end of their grace period.
    for (const worker of this.#known) kill(worker);
    await this.primary[Symbol.asyncDispose]();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
