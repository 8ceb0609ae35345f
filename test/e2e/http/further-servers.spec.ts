import dns from 'node:dns';
import { afterEach, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, ServedApplication } from './served-application.js';

const FASTIFY = ADAPTERS[1];
const lookup = dns.lookup;
let served: ServedApplication;

afterEach(async () => {
  dns.lookup = lookup;
  await served.close();
});
guardAgainstLeaks();

/** As `localhost` has two addresses on most machines, though not on all. */
function giveLocalhostTwoAddresses(): void {
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const answer = (host: string, ...rest: unknown[]): void => {
    const callback = rest.at(-1) as (error: null, ...result: unknown[]) => void;
    const { all = false } = rest.length > 1 ? (rest[0] as dns.LookupOptions) : {};
    if (host === 'localhost' && all) callback(null, addresses);
    else callback(null, host === 'localhost' ? '127.0.0.1' : host, 4);
  };
  dns.lookup = answer as typeof dns.lookup;
}

it('drains the server that Fastify adds for the second address of localhost', async () => {
  giveLocalhostTwoAddresses();
  served = await ServedApplication.start(FASTIFY, {}, 'localhost');
  const client = await served.held('127.0.0.2');

  const report = served.shutdown();
  await served.entered('drain');
  const late = await served.connect('127.0.0.2');
  await late.get('/quick').ended;
  served.release();
  await client.ended;

  expect(late.responses).toMatchObject([{ status: 503 }]);
  expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});
