import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { start } from '../support/process/program.js';
import { OPTIMISING } from './measured-server.js';
import type { Figure } from './figure.js';
import type { ScalePlan } from './scale-server.js';

const GRACE_MS = 8_000;
/** Ends the drain of `scale-server`. */
const DRAIN_MS = 500;
const STREAMS = 100;

const PLANS: readonly ScalePlan[] = [
  { platform: 'express', holds: 'requests', count: 15_000 },
  { platform: 'fastify', holds: 'requests', count: 50_000 },
  { platform: 'express', holds: 'tasks', count: 20_000 },
  { platform: 'express', holds: 'tasks', count: 100_000 },
  { platform: 'express', holds: 'participants', count: 10_000 },
  { platform: 'express', holds: 'hooks', count: 10_000 },
];

/** What the end of tens of thousands of pieces of work takes, all of which hang. */
export async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const plan of PLANS) figures.push(await endOf(plan));
  return figures;
}

async function endOf(plan: ScalePlan): Promise<Figure> {
  await using program = start('bench/scale-server', {
    runtime: OPTIMISING,
    env: { PLAN: JSON.stringify(plan), NODE_ENV: 'production', NO_COLOR: '1' },
  });
  const { port } = await program.event('listening');
  const hangUp = plan.holds === 'requests' ? await hold(plan, Number(port)) : (): void => {};
  if (plan.holds === 'requests') await program.event('held');
  const from = performance.now();
  program.signal('SIGTERM');
  const ended = (await program.event('ended')) as unknown as Ended;
  const { code, signal } = await program.exited;
  const tookMs = performance.now() - from;
  hangUp();
  const cutMs = ended.phases.find(({ phase }) => phase === 'drain')!.durationMs - DRAIN_MS;
  // Hooks hang in `release`, which only the deadline ends.
  const cut =
    plan.holds === 'hooks'
      ? `${(tookMs - GRACE_MS).toFixed(0)} ms after the deadline`
      : `cut in ${cutMs.toFixed(0)} ms, ${((cutMs * 1_000) / plan.count).toFixed(1)} ms per thousand`;
  const counted = plan.holds === 'participants' || plan.holds === 'hooks' ? ended.abandoned : ended.cut;
  return {
    what: `the end of ${plan.count} ${plan.holds}, ${plan.platform}`,
    measured:
      `${cut}; ${counted} counted; event loop at most ${ended.lateMs.toFixed(0)} ms late; report of ${ended.bytes} bytes; ` +
      `${ended.status} after ${tookMs.toFixed(0)} ms, exit ${code ?? signal}`,
    promised: 'all counted, within the grace period',
    isKept: counted >= plan.count && code !== 70 && signal === null && tookMs < GRACE_MS + 250,
  };
}

interface Ended {
  readonly status: string;
  readonly phases: readonly { readonly phase: string; readonly durationMs: number }[];
  readonly cut: number;
  readonly abandoned: number;
  readonly bytes: number;
  readonly lateMs: number;
}

/** Sends the requests; returns what closes their connections. */
async function hold({ platform, count }: ScalePlan, port: number): Promise<() => void> {
  if (platform === 'fastify') {
    const sessions = Array.from({ length: count / STREAMS }, () => http2.connect(`http://127.0.0.1:${port}`));
    for (const [index, session] of sessions.entries()) {
      session.on('error', () => {});
      await once(session, 'connect');
      for (let stream = 0; stream < STREAMS; stream += 1) {
        session.request({ ':path': `/orders/${index * STREAMS + stream}` }).on('error', () => {});
      }
    }
    return () => sessions.forEach((session) => session.destroy());
  }
  const sockets: net.Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    socket.write(`GET /orders/${index} HTTP/1.1\r\nHost: bench\r\n\r\n`);
    if (index % 1_000 === 999) await once(socket, 'connect');
  }
  return () => sockets.forEach((socket) => socket.destroy());
}
