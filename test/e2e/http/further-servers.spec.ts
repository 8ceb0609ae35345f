import { afterEach, expect, it } from '@jest/globals';
import { giveLocalhostTwoAddresses } from '../../support/http/two-addresses.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, ServedApplication } from './served-application.js';

const FASTIFY = ADAPTERS[1];
let restore = (): void => {};
let served: ServedApplication;

afterEach(async () => {
  restore();
  await served.close();
});
guardAgainstLeaks();

it('drains the server that Fastify adds for the second address of localhost', async () => {
  restore = giveLocalhostTwoAddresses();
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
