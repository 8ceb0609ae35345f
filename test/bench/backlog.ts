import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from './measured-server.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const CONNECTIONS = 100;
const BLOCKED_MS = 1_500;

/** Connections that queue up behind a blocked event loop, and a SIGTERM that does, too. */
export async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const platform of ['express', 'fastify'] as const) {
    for (const mode of ['drain', 'bare'] as const) {
      const answers = await queue({ platform, mode });
      const answered = answers.filter((answer) => /^\d/.test(answer)).length;
      figures.push({
        what: `${CONNECTIONS} queued connections, ${platform}, ${mode}`,
        measured: `${answered} answered (${describe(answers)})`,
        ...(mode === 'drain' && { promised: 'all of them', isKept: answered === CONNECTIONS }),
      });
    }
  }
  return figures;
}

async function queue(plan: Omit<ServerPlan, 'options'>): Promise<readonly string[]> {
  await using server = await startServer({ ...plan, options: { announceDelayMs: 0 } });
  const blocker = ask(server.port, `/block?ms=${BLOCKED_MS}`);
  await server.program.event('blocked');
  const answers = Array.from({ length: CONNECTIONS }, () => ask(server.port, '/quick'));
  await delay(BLOCKED_MS / 3);
  server.program.signal('SIGTERM');
  await blocker;
  return Promise.all(answers);
}

/** The status that was answered, or how it failed. */
function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    let error = 'closed';
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (error = code ?? error));
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d+)/.exec(received)?.[1] ?? error));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  });
}

function describe(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].map(([answer, count]) => `${count} × ${answer}`).join(', ');
}
