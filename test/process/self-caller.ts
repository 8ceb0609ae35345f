import { get as getHttp, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { get as getHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { start, type Program } from '../support/process/program.js';
import { clientTls } from '../support/http/tls-with-shared-key.js';
import type { CallerPlan } from '../fixtures/self-caller.js';

/** Starts the program that calls itself when it gets SIGWINCH. */
export const startCaller = (plan: CallerPlan, nest: 11 | 12, env: Record<string, string>): Program =>
  start('fixtures/self-caller', { nest, env: { CALLER: JSON.stringify(plan), ...env } });

/** What it answers at `path`. */
export async function ask({ client }: CallerPlan, port: number, path: string): Promise<string> {
  if (client === 'http2') {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const answer = await text(session.request({ ':path': path }));
    session.close();
    return answer;
  }
  const where = { host: '127.0.0.1', port, path, agent: false as const };
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => resolve(text(response));
    const request =
      client === 'https' ? getHttps({ ...where, ...clientTls }, onResponse) : getHttp(where, onResponse);
    request.on('error', reject);
  });
}

/** What becomes of a page that calls the program itself, and of a late request of others, in a shutdown by signal. */
export async function askWhileDraining(
  program: Program,
  plan: CallerPlan,
): Promise<{ page: string; late: string }> {
  const port = Number((await program.event('listening'))['port']);
  const page = ask(plan, port, '/page');
  await program.event('request');
  program.signal('SIGTERM');
  await program.event('phase', ({ phase }) => phase === 'drain');
  const late = await ask(plan, port, '/part');
  program.signal('SIGWINCH');
  return { page: await page, late };
}
