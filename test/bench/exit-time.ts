import { get } from 'node:http';
import { startServer } from './measured-server.js';
import { median } from './statistics.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const RUNS = 15;
const HELD_MS = 300;
const PROMISED_MS = 25;

/** From the last byte of the last response to the exit of the process, against an application that just exits. */
export async function measure(): Promise<readonly Figure[]> {
  return [await compare('express'), await compare('fastify')];
}

async function compare(platform: ServerPlan['platform']): Promise<Figure> {
  const drained: number[] = [];
  const exited: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    exited.push(await fromLastByteToExit({ platform, mode: 'exit' }));
    drained.push(await fromLastByteToExit({ platform, mode: 'drain', options: { announceDelayMs: 0 } }));
  }
  const more = median(drained) - median(exited);
  return {
    what: `last byte to exit, ${platform}`,
    measured:
      `${median(drained).toFixed(1)} ms, a bare process.exit ${median(exited).toFixed(1)} ms: ` +
      `${more.toFixed(1)} ms more; ${RUNS} pairs`,
    promised: `at most ${PROMISED_MS} ms more`,
    isKept: more <= PROMISED_MS,
  };
}

async function fromLastByteToExit(plan: ServerPlan): Promise<number> {
  await using server = await startServer(plan);
  const answered = new Promise<number>((resolve, reject) => {
    get({ port: server.port, host: '127.0.0.1', path: `/held?ms=${HELD_MS}`, agent: false }, (response) => {
      response.resume().once('end', () => resolve(performance.now()));
    }).once('error', reject);
  });
  await server.program.event('held');
  server.program.signal('SIGTERM');
  const answeredAt = await answered;
  const { code } = await server.program.exited;
  if (code !== 0) throw new Error(`${plan.mode} on ${plan.platform} exited with ${code}`);
  return performance.now() - answeredAt;
}
