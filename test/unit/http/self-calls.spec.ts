import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SelfCalls } from '../../../src/http/self-calls.js';
import { systemClock, type Clock } from '../../../src/util/clock.js';
import { strictProbes } from '../../support/strict-probes.js';

const server = createServer();
const end: (() => void)[] = [];

afterEach(async () => {
  for (const each of end.splice(0)) each();
  server.close();
  await once(server, 'close');
});

/** A request that this process sends to itself, on a connection of its own. */
async function request(): Promise<IncomingMessage> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  end.push(() => client.destroy());
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [received] = (await once(server, 'request')) as [IncomingMessage];
  return received;
}

describe('requests of the application to itself', () => {
  it('are found by their connection, for a bounded time only', async () => {
    let now = 0;
    let lookups = 0;
    // Each lookup reads the clock before and after its work.
    const clock: Clock = { ...systemClock, now: () => (now += ++lookups % 2 === 0 ? 90 : 0) };
    const calls = new SelfCalls(strictProbes(), clock);
    lookups = 0;
    const [first, second, third, fourth] = [
      await request(),
      await request(),
      await request(),
      await request(),
    ];

    expect([first, second, third].map((each) => calls.includes(each))).toEqual([true, true, true]);
    expect(calls.includes(fourth)).toBe(false);
    expect(calls.includes(first)).toBe(true);

    now += 1_000;
    expect(calls.includes(fourth)).toBe(true);
  });
});
