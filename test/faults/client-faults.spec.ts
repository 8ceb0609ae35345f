import { describe, expect, it } from '@jest/globals';
import { RawClient } from '../support/http/raw-client.js';
import { CLIENTS } from './client-faults.js';
import { CLIENT_FAULTS } from './fault-table.js';
import { BUDGET, PROMISE_MS, shutDown, SLACK_MS, startFaulty, startWork } from './faulty-program.js';
import type { Aftermath } from './faulty-program.js';
import type { ClientFault } from './fault-table.js';

const DOWNLOAD_BYTES = 16 * 1024 * 1024;
/** One participant in each of five phases, and two providers with three hooks each. */
const WITNESSES = 11;

interface Setting {
  readonly platform: 'express' | 'fastify';
  readonly nest: 11 | 12;
}

describe('while a server drains, a client', () => {
  it.each(CLIENT_FAULTS.map((row, index) => [row.fault, row, index] as const))(
    '%s',
    async (_fault, row, index) => {
      const settings: readonly Setting[] = [
        { platform: 'express', nest: 12 },
        { platform: 'fastify', nest: 12 },
        { platform: index % 2 === 0 ? 'express' : 'fastify', nest: 11 },
      ];
      const clients = await Promise.all(settings.map((setting) => startClient(row, setting)));
      // Only when all are up: until then they share the processors.
      const aftermaths = await Promise.all(clients.map((meetsItsEnd) => meetsItsEnd()));
      for (const [place, setting] of settings.entries()) expectEnding(row, setting, aftermaths[place]!);
    },
  );
});

type Judged = Aftermath & { readonly answer: number | undefined; readonly received: string };

async function startClient(
  { fault, tls = false }: ClientFault,
  setting: Setting,
): Promise<() => Promise<Judged>> {
  const { program, port } = await startFaulty({ platform: setting.platform, fault, tls }, setting.nest);
  const client = await CLIENTS[fault]!(() => RawClient.connect(port), program);
  // `fetch` does not speak the server's TLS.
  const work = tls ? undefined : await startWork(program, port);
  return async () => {
    if (fault === 'slow reader') void program.printed(/"draining"/).then(() => client.socket.resume());
    const aftermath = await shutDown(program);
    client.socket.resume();
    if (fault === 'half-open') client.socket.destroy();
    const { received } = await client.ended;
    return { ...aftermath, answer: work ? await work.answer : 200, received };
  };
}

function expectEnding(row: ClientFault, setting: Setting, aftermath: Judged): void {
  const { code, signal, report, output, ran, tookMs, answer, received } = aftermath;
  const cuts = report.cuts.map(({ kind, name }) => ({ kind, name }));

  // The setting and the output are there to be seen when it fails.
  expect({ setting, output, code, signal, cuts, answer, ran: ran.length, report }).toMatchObject({
    setting,
    code: row.ends.code,
    signal: null,
    cuts: row.cut ? [row.cut] : [],
    answer: 200,
    ran: WITNESSES,
    report: { status: row.ends.status },
  });
  expect(tookMs).toBeLessThan(BUDGET.gracePeriodMs + PROMISE_MS + SLACK_MS);
  expect(received.length).toBeGreaterThanOrEqual(row.fault === 'slow reader' ? DOWNLOAD_BYTES : 0);
}
