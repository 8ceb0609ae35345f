import { setTimeout as delay } from 'node:timers/promises';
import { SMALLEST_PLAN } from '../../fixtures/microservice-plan.js';
import { openLoop } from '#rehearsal/load/open-loop.js';
import { start, type Program } from '../process/program.js';
import { TRANSPORTS, type JobClient, type Meeting, type TransportName } from './transports.js';
import type { Job, MicroservicePlan } from '../../fixtures/microservice-plan.js';

/** What a balancer takes to notice that a server is going. */
const BALANCER_LAG_MS = 300;
const ANNOUNCE_DELAY_MS = 1_000;
/** How long there are two servers between two restarts. */
const LOAD_BETWEEN_MS = 400;
const CLIENTS = 4;
/** How long what brokers still hold may take, once the load is over. */
const BACKLOG_MS = 15_000;

type Kind = 'request' | 'event' | 'other';
type Sending = readonly [kind: Kind, index: number];

/** What became of what clients have sent. */
export interface Tally {
  requests: number;
  /** Not begun, and safe to send again. */
  refused: number;
  failed: number;
  events: number;
  lost: number;
  twice: number;
  unfinished: number;
  /** How long each server took to exit, in milliseconds. */
  exits: number[];
  codes: Set<number | string | null>;
}

/** What kind of servers is restarted. */
export interface RestartOptions {
  readonly restarts: number;
  readonly isHybrid: boolean;
  readonly isBare: boolean;
  readonly nest?: 11 | 12;
}

/** Two servers under a load that goes on, of which one after the other is replaced. */
export async function restart(name: TransportName, options: RestartOptions): Promise<Tally> {
  const { restarts, isBare } = options;
  await using meeting = await TRANSPORTS[name]();
  const programs: Program[] = [];
  const running = [await startServer(meeting, options), await startServer(meeting, options)];
  programs.push(...running.map(({ program }) => program));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => meeting.client()));
  const load = new Load(clients);
  const { pace = 1 } = meeting;
  const ended = new AbortController();
  const isLoaded = openLoop(
    [
      { perSecond: 25 * pace, plan: (index): Sending => ['request', index] },
      { perSecond: 15 * pace, plan: (index): Sending => ['event', index] },
      { perSecond: 10 * pace, plan: (index): Sending => ['other', index] },
    ],
    ([kind, index]) => load.send(kind, index),
    ended.signal,
  );
  const tally = load.tally;
  for (let count = 0; count < restarts; count += 1) {
    await delay(LOAD_BETWEEN_MS);
    // Otherwise the group would rebalance without a pause, and never catch up with the load.
    if (meeting.rebalances) await load.catchUp();
    const [oldest] = running.splice(0, 1);
    const { program, port } = oldest!;
    const startedAt = performance.now();
    program.signal('SIGTERM');
    const dropped = delay(BALANCER_LAG_MS).then(() => port !== undefined && meeting.balancer?.remove(port));
    const { code, signal, output } = await program.exited;
    tally.exits.push(performance.now() - startedAt);
    // Bare Nest ends with the signal.
    tally.codes.add(isBare && signal === 'SIGTERM' ? 0 : (code ?? signal));
    if (!isBare && code !== 0) console.log(output.slice(-3_000));
    await dropped;
    const next = await startServer(meeting, options);
    running.push(next);
    programs.push(next.program);
  }
  await delay(LOAD_BETWEEN_MS);
  ended.abort();
  await isLoaded;
  await load.eventsAreDone(programs);
  await Promise.all(clients.map((client) => client.close()));
  for (const { program } of running) {
    program.signal('SIGTERM');
    await program.exited;
  }
  load.conclude(programs);
  return tally;
}

/** Starts a server and waits until it is ready. */
export async function startServer(
  meeting: Meeting,
  { isHybrid, isBare, nest = 12 }: Omit<RestartOptions, 'restarts'>,
  plan: Partial<MicroservicePlan> = {},
): Promise<{ program: Program; port: number | undefined }> {
  const { plan: usual, port } = await meeting.server();
  const announceDelayMs = ANNOUNCE_DELAY_MS;
  const whole = { ...SMALLEST_PLAN, ...usual, isHybrid, isBare, announceDelayMs, ...plan };
  const program = start('fixtures/microservice-main', {
    env: { PLAN: JSON.stringify(whole), NODE_ENV: 'production' },
    nest,
  });
  await program.event('ready');
  if (port !== undefined) meeting.balancer?.add(port);
  return { program, port };
}

class Load {
  readonly tally: Tally = {
    requests: 0,
    refused: 0,
    failed: 0,
    events: 0,
    lost: 0,
    twice: 0,
    unfinished: 0,
    exits: [],
    codes: new Set(),
  };

  readonly #clients: readonly JobClient[];
  readonly #events = new Set<string>();
  readonly #failed = new Map<string, unknown>();
  readonly #waiting = new Set<Promise<unknown>>();

  constructor(clients: readonly JobClient[]) {
    this.#clients = clients;
  }

  async send(kind: Kind, index: number): Promise<void> {
    const job: Job = { id: `${kind} ${index}`, ms: index % 10 === 0 ? 600 : (index * 7) % 150 };
    const client = this.#clients[index % CLIENTS]!;
    const { others } = client;
    if (kind === 'event') {
      if (!client.emit) return;
      this.tally.events += 1;
      this.#events.add(job.id);
      await client.emit(job).catch(() => undefined);
      return;
    }
    const kinds = [others['stream'], others['collect'], others['chat']].filter((one) => one !== undefined);
    const call = kind === 'other' ? kinds[index % kinds.length] : client.request;
    if (!call) return;
    this.tally.requests += 1;
    const answered = call(job).catch((error: unknown) => this.#failed.set(job.id, error));
    this.#waiting.add(answered);
    await answered;
    this.#waiting.delete(answered);
  }

  /** Waits until all requests that have been sent by now are answered. */
  async catchUp(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  /** Waits for what brokers still hold, unless that takes longer than anything should. */
  async eventsAreDone(programs: readonly Program[]): Promise<void> {
    const isDone = (): boolean => {
      const done = new Set(
        programs.flatMap(({ events }) => events.filter(({ event }) => event === 'done').map(({ id }) => id)),
      );
      return [...this.#events].every((id) => done.has(id));
    };
    const giveUpAt = performance.now() + BACKLOG_MS;
    while (!isDone() && performance.now() < giveUpAt) await delay(50);
  }

  /** Compares what was sent with what the servers have told. */
  conclude(programs: readonly Program[]): void {
    const { tally } = this;
    const begun = new Map<string, number>();
    const done = new Map<string, number>();
    for (const { events } of programs) {
      const mine = { begun: new Set<string>(), done: new Set<string>() };
      for (const { event, id } of events) {
        if (event !== 'begun' && event !== 'done') continue;
        mine[event].add(String(id));
        const counts = event === 'begun' ? begun : done;
        counts.set(String(id), (counts.get(String(id)) ?? 0) + 1);
      }
      tally.unfinished += [...mine.begun].filter((id) => !mine.done.has(id)).length;
    }
    for (const [id, error] of this.#failed) {
      const fate = begun.has(id) ? 'failed' : 'refused';
      tally[fate] += 1;
      if (process.env['VERBOSE']) console.log(fate, id, error);
    }
    tally.lost = [...this.#events].filter((id) => !done.has(id)).length;
    tally.twice = [...done.values()].filter((count) => count > 1).length;
  }
}
