import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { outcomeOfError, outcomeOfStatus, type Outcome } from '#rehearsal/load/outcome.js';
import { pin, startServer, type MeasuredServer } from './measured-server.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const CLIENTS = 32;
const RESTARTS = 30;
const FEWER_RESTARTS = 5;
const LOAD_MS = 400;
const ANNOUNCE_MS = 1_000;
const PROBE_INTERVAL_MS = 100;

interface Answer {
  readonly outcome: Outcome;
  /** Time of day. */
  readonly at: number;
}

/** Clients in a closed loop over keep-alive connections, and a server that is restarted at full load. */
export async function measure(): Promise<readonly Figure[]> {
  pin(process.pid, 1);
  const loyal = await restart(RESTARTS, 'drain', 'until it is gone');
  const attentive = await restart(FEWER_RESTARTS, 'drain', 'until readiness falls');
  const bare = await restart(FEWER_RESTARTS, 'bare', 'until it is gone');
  const resets = (loyal.count('reset-new') + loyal.count('reset-reused')) / RESTARTS;
  return [
    {
      what: `${RESTARTS} restarts, clients that never stop`,
      measured: loyal.describe(),
      promised: 'under 1 reset of 32 on average, nothing truncated, no 5xx before quiesce',
      isKept: resets < 1 && loyal.count('truncated') === 0 && loyal.errorsBeforeQuiesce === 0,
    },
    {
      what: `${FEWER_RESTARTS} restarts, clients that stop when readiness falls`,
      measured: attentive.describe(),
      promised: 'nothing lost',
      isKept: attentive.answers === attentive.count('answered'),
    },
    { what: `${FEWER_RESTARTS} restarts of bare Nest, clients that never stop`, measured: bare.describe() },
  ];
}

class Restarts {
  readonly #counts = new Map<Outcome, number>();
  errorsBeforeQuiesce = 0;
  answers = 0;

  add(answers: readonly Answer[], quiescedAt: number): void {
    for (const { outcome, at } of answers) {
      this.answers += 1;
      this.#counts.set(outcome, this.count(outcome) + 1);
      const isError = outcome === 'late' || outcome === 'server-error';
      if (isError && at < quiescedAt) this.errorsBeforeQuiesce += 1;
    }
  }

  count(outcome: Outcome): number {
    return this.#counts.get(outcome) ?? 0;
  }

  describe(): string {
    const counts = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    return counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  }
}

async function restart(
  times: number,
  mode: ServerPlan['mode'],
  clientsGoOn: 'until it is gone' | 'until readiness falls',
): Promise<Restarts> {
  const restarts = new Restarts();
  for (let time = 0; time < times; time += 1) {
    await using server = await startServer({
      platform: time % 2 === 0 ? 'express' : 'fastify',
      mode,
      options: { announceDelayMs: ANNOUNCE_MS },
    });
    const stop = new AbortController();
    if (clientsGoOn === 'until readiness falls') void stopWhenNotReady(server.port, stop);
    const clients = Array.from({ length: CLIENTS }, () => askAgainAndAgain(server.port, stop.signal));
    await delay(LOAD_MS);
    server.program.signal('SIGTERM');
    const answers = (await Promise.all(clients)).flat();
    await server.program.exited;
    restarts.add(answers, quiescedAt(server));
  }
  return restarts;
}

function quiescedAt({ program }: MeasuredServer): number {
  const event = program.events.find(({ event, phase }) => event === 'phase' && phase === 'quiesce');
  return Number(event?.['at'] ?? 0);
}

/** One client: it goes on until a request fails. */
async function askAgainAndAgain(port: number, stop: AbortSignal): Promise<readonly Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: Answer[] = [];
  while (!stop.aborted) {
    const answer = { outcome: await ask(port, agent), at: Date.now() };
    answers.push(answer);
    if (answer.outcome !== 'answered' && answer.outcome !== 'late') break;
  }
  agent.destroy();
  return answers;
}

function ask(port: number, agent: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/quick', agent }, (response) => {
      response.resume();
      response.once('error', () => resolve('truncated'));
      response.once('end', () => resolve(outcomeOfStatus(response.statusCode ?? 0)));
    });
    request.once('error', (error) => resolve(outcomeOfError(error, request.reusedSocket)));
  });
}

async function stopWhenNotReady(port: number, stop: AbortController): Promise<void> {
  while (await isReady(port)) await delay(PROBE_INTERVAL_MS);
  stop.abort();
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
