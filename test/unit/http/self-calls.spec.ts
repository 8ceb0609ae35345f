import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SelfCalls } from '../../../src/http/self-calls.js';
import { systemClock } from '../../../src/util/clock.js';
import { strictProbes } from '../../support/strict-probes.js';

const server = createServer();
const end: (() => void)[] = [];

afterEach(async () => {
  for (const each of end.splice(0)) each();
  server.close();
  await once(server, 'close');
});

/** A request that this process sends to itself, on a connection of its own. */
async function request(header = 'Accept: */*'): Promise<IncomingMessage> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  end.push(() => client.destroy());
  client.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
  const [received] = (await once(server, 'request')) as [IncomingMessage];
  return received;
}

/** A request of another process of this host. */
const foreign = (remotePort: number): IncomingMessage =>
  ({
    socket: { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort },
    headers: {},
  }) as IncomingMessage;

describe('requests of the application to itself', () => {
  it('are found by their connection, for a bounded time only', async () => {
    let now = 0;
    let asked = 0;
    let used = 0;
    // Each lookup asks before and after its work, which takes all of the processor.
    const timeMs = (): number => {
      const tookMs = ++asked % 2 === 0 ? 90 : 0;
      now += tookMs;
      return (used += tookMs);
    };
    const calls = new SelfCalls(strictProbes(), { ...systemClock, now: () => now }, timeMs);
    const requests: IncomingMessage[] = [];
    while (requests.length < 7) requests.push(await request());
    const last = requests.pop()!;

    // The first three in this thread, the others as those of any process.
    expect(requests.map((each) => calls.includes(each))).toEqual(requests.map(() => true));
    expect(calls.includes(last)).toBe(false);
    expect(requests.map((each) => calls.includes(each))).toEqual(requests.map(() => true));

    now += 1_000;
    expect(calls.includes(last)).toBe(true);
  });

  it('are found although other processes have used up the time to look for theirs', async () => {
    const asked = { times: 0, until: 36 };
    let now = 0;
    let used = 0;
    // Only the second lookup of each takes time; nine of them use all of it up.
    const timeMs = (): number => {
      asked.times += 1;
      const tookMs = asked.times <= asked.until && asked.times % 4 === 0 ? 25 : 0;
      now += tookMs;
      return (used += tookMs);
    };
    const calls = new SelfCalls(strictProbes(), { ...systemClock, now: () => now }, timeMs);
    for (let port = 2; port < 11; port += 1) expect(calls.includes(foreign(port))).toBe(false);
    expect({ asked: asked.times, used }).toEqual({ asked: asked.until, used: 225 });

    expect(calls.includes(await request())).toBe(true);
  });

  it('are found although the host is so busy that each lookup takes long', async () => {
    let now = 0;
    const calls = new SelfCalls(strictProbes(), { ...systemClock, now: () => now }, () => 0);
    const handles = process as unknown as { _getActiveHandles(): object[] };
    const list = handles._getActiveHandles.bind(process);
    jest.spyOn(handles, '_getActiveHandles').mockImplementation(() => {
      now += 300;
      return list();
    });
    // What a proxy has forwarded is looked for in this thread only.
    const requests = [await request('Via: 1.1 a'), await request('Via: 1.1 a'), await request('Via: 1.1 a')];

    expect(requests.map((each) => calls.includes(each))).toEqual([true, true, true]);
  });

  it('are found although other threads of the process are busy', async () => {
    let used = 0;
    const calls = new SelfCalls(strictProbes(), { ...systemClock, now: () => 0 }, () => (used += 300));
    const requests = [await request('Via: 1.1 a'), await request('Via: 1.1 a'), await request('Via: 1.1 a')];

    expect(requests.map((each) => calls.includes(each))).toEqual([true, true, true]);
  });
});
