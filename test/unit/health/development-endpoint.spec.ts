import { describe, expect, it } from '@jest/globals';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { systemClock } from '../../../src/util/clock.js';
import { developmentMethods } from '../../../src/health/development-endpoint.js';
import { resolve } from '../config/resolve.js';
import type { IncomingMessage } from 'node:http';
import type { Answer } from '../../../src/health/endpoint.js';

/** What a peer at this address is answered; a test's own machine has no other peers to ask from. */
async function answerTo(
  remoteAddress: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer | undefined> {
  const coordinator = new PhasedCoordinator(resolve(), systemClock);
  const methods = developmentMethods(coordinator, '/_internal/shutdown');
  return await methods?.['POST']?.({ headers, socket: { remoteAddress } } as unknown as IncomingMessage);
}

describe('POST /_internal/shutdown', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('is for %s', async (address) => {
    expect(await answerTo(address)).toMatchObject({ status: 202 });
  });

  it.each([
    '10.0.0.1',
    '128.0.0.1',
    '::ffff:10.127.0.1',
    '::127.0.0.1',
    'fd00::1',
    '1270.0.0.1',
    '',
    undefined,
  ])('is not for %j', async (address) => {
    expect(await answerTo(address)).toMatchObject({
      status: 403,
      body: { statusCode: 403, error: 'Forbidden', message: 'only allowed from the same machine' },
    });
  });

  it.each([
    { host: 'localhost' },
    { host: 'LOCALHOST:3000' },
    { host: '127.0.0.1:3000' },
    { host: '[::1]:3000' },
    { ':authority': 'localhost:3000' },
    { host: 'localhost', 'sec-fetch-site': 'same-origin' },
    { host: 'localhost', 'sec-fetch-site': 'none' },
  ])('is for %j', async (headers) => {
    expect(await answerTo('127.0.0.1', headers as Record<string, string>)).toMatchObject({ status: 202 });
  });

  it.each([
    { host: 'rebound.example:3000' },
    { host: 'localhost.example' },
    { host: '10.0.0.1' },
    { ':authority': 'rebound.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('is not for %j', async (headers) => {
    expect(await answerTo('127.0.0.1', headers as Record<string, string>)).toMatchObject({ status: 403 });
  });
});
