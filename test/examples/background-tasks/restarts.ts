import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { start } from '../../support/process/program.js';
import type { Entry } from './export-journal.js';

/** What became of the tasks that clients have begun. */
export interface Outcome {
  /** Exports that a client was told 202 for, and requests that it was told to repeat elsewhere. */
  readonly accepted: number;
  readonly refused: number;
  /** Connections that broke: nobody knows whether the export was begun, so the client leaves it at that. */
  readonly broken: number;
  readonly handedOver: number;
  /** Exports that were accepted and not finished, or not every page of them. */
  readonly lost: readonly string[];
  /** Exports with a page that was written twice, or that were finished twice. */
  readonly twice: readonly string[];
  /** Exit codes other than 0. */
  readonly unclean: readonly number[];
}

export interface RestartPlan {
  readonly restarts: number;
  readonly clients: number;
  /** From the first answer to the SIGTERM. */
  readonly loadMs: number;
}

/** How long the processes at the end work on what is left. */
const UNDISTURBED_MS = 1_000;

/** Most exports fit into a drain, some do not. */
const PAGES = [2, 2, 5, 2, 20, 2, 5, 60] as const;

/** Restarts the application again and again while clients begin exports, and counts what was lost or done twice. */
export async function restartUnderLoad(plan: RestartPlan): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-drain-tasks-'));
  const journal = join(folder, 'exports.jsonl');
  try {
    const clients = Array.from({ length: plan.clients }, (_, index) => new Client(index));
    const unclean: number[] = [];
    for (let restart = 0; restart < plan.restarts; restart += 1) {
      const code = await serve(journal, async (port, stop) => {
        await Promise.all(clients.map((client) => client.ask(port)));
        const loads = clients.map((client) => client.askUntil(stop, port));
        await delay(plan.loadMs);
        return loads;
      });
      if (code !== 0) unclean.push(code);
    }
    // Processes without clients take up what was handed over, until there is nothing left of it.
    let entries = await read(journal);
    while (lastWords(entries).includes('handed over')) {
      await serve(journal, async () => (await delay(UNDISTURBED_MS), []));
      entries = await read(journal);
    }
    return tally(clients, entries, unclean);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns the exit code of a process that was ended by SIGTERM in the middle of the load */
async function serve(
  journal: string,
  load: (port: number, stop: AbortSignal) => Promise<readonly Promise<void>[]>,
): Promise<number> {
  const env = { PORT: '0', JOURNAL: journal, NODE_ENV: 'production', NO_COLOR: '1' };
  await using program = start('examples/background-tasks/main', { env });
  const stop = new AbortController();
  const loads = await load(Number((await program.event('listening'))['port']), stop.signal);
  program.signal('SIGTERM');
  const { code } = await program.exited;
  stop.abort();
  await Promise.all(loads);
  return code ?? -1;
}

/** Begins exports, one after the other. */
class Client {
  readonly accepted = new Map<string, number>();
  refused = 0;
  broken = 0;

  readonly #name: number;
  #count = 0;

  constructor(name: number) {
    this.#name = name;
  }

  /** Goes on until it is sent away, or the process is gone. */
  async askUntil(stop: AbortSignal, port: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stop.aborted && (await this.ask(port, agent)));
    agent.destroy();
  }

  /** @returns whether it was accepted; what was not is asked for again next time */
  async ask(port: number, agent?: Agent): Promise<boolean> {
    const id = `${this.#name}-${this.#count}`;
    const pages = PAGES[(this.#name + this.#count) % PAGES.length]!;
    const status = await post(port, `/exports/${id}?pages=${pages}`, agent);
    if (status === 202) this.accepted.set(id, pages);
    else if (status === 'broken') this.broken += 1;
    else this.refused += 1;
    if (status === 202 || status === 'broken') this.#count += 1;
    return status === 202;
  }
}

function post(port: number, path: string, agent?: Agent): Promise<number | 'refused' | 'broken'> {
  return new Promise((resolve) => {
    const sent = request(
      { port, host: '127.0.0.1', method: 'POST', path, ...(agent && { agent }) },
      (answer) => {
        answer.resume().once('close', () => resolve(answer.statusCode ?? 'broken'));
      },
    );
    sent.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' ? 'refused' : 'broken'),
    );
    sent.end();
  });
}

async function read(journal: string): Promise<Entry[]> {
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Entry);
}

function lastWords(entries: readonly Entry[]): Entry['what'][] {
  return [...new Map(entries.map(({ id, what }) => [id, what])).values()];
}

function tally(clients: readonly Client[], entries: readonly Entry[], unclean: readonly number[]): Outcome {
  const accepted = new Map(clients.flatMap((client) => [...client.accepted]));
  const written = new Map<string, number[]>();
  const finished = new Map<string, number>();
  for (const { id, page, what } of entries) {
    if (what === 'written') written.set(id, [...(written.get(id) ?? []), page]);
    if (what === 'finished') finished.set(id, (finished.get(id) ?? 0) + 1);
  }
  const hasAll = (id: string, pages: number): boolean => new Set(written.get(id)).size === pages;
  return {
    accepted: accepted.size,
    refused: clients.reduce((sum, { refused }) => sum + refused, 0),
    broken: clients.reduce((sum, { broken }) => sum + broken, 0),
    handedOver: entries.filter(({ what }) => what === 'handed over').length,
    lost: [...accepted].filter(([id, pages]) => !finished.has(id) || !hasAll(id, pages)).map(([id]) => id),
    twice: [...written.keys()].filter(
      (id) => new Set(written.get(id)).size !== written.get(id)?.length || (finished.get(id) ?? 0) > 1,
    ),
    unclean,
  };
}
