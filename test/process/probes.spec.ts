import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';
import { TestCluster } from '../support/process/test-cluster.js';

/** Hides from everybody but Node that the channel counts who listens. */
const WITHOUT_COUNTS = `data:text/javascript,${encodeURIComponent(`
  const { channel } = process;
  const get = (target, key) => (/Counted$/.test(String(key)) ? undefined : Reflect.get(target, key));
  Object.defineProperty(process, 'channel', { value: new Proxy(channel, { get }), configurable: true });
`)}`;

describe.each([12, 11] as const)('on Nest %i, without process.channel.refCounted()', (nest) => {
  it('the log says what is off, and a shutdown message is heard all the same', async () => {
    const execArgv = ['--import', WITHOUT_COUNTS];
    await using program = startApplication({ faults: ['handle-left'] }, { nest, ipc: true, execArgv });
    await program.event('listening');

    program.send('shutdown');

    const { code, output } = await program.exited;
    expect(output).toMatch(
      /not recognised: process\.channel\.refCounted\(\) and unrefCounted\(\) \(node@.+\), so listening to the parent process keeps this one alive/,
    );
    expect(code).toBe(0);
  });
});

/** Hides from everybody but Node what a worker of a cluster hears of its primary. */
const WITHOUT_PRIMARY = `data:text/javascript,${encodeURIComponent(`
  import cluster from 'node:cluster';
  if (cluster.worker) delete cluster.worker.exitedAfterDisconnect;
  const { listenerCount } = process;
  process.listenerCount = (name) => (name === 'internalMessage' ? 0 : listenerCount.call(process, name));
`)}`;

describe.each([12, 11] as const)('on Nest %i, in a worker that hears nothing of its primary', (nest) => {
  it('the log says what is off, and a disconnect shuts down when the connections have ended', async () => {
    const execArgv = ['--import', WITHOUT_PRIMARY];
    await using cluster = await TestCluster.start({}, { nest, workers: 1, execArgv });
    const [pid] = cluster.workers;

    cluster.primary.send('disconnect');

    expect(await cluster.event(pid!, 'worker-exit')).toMatchObject({ code: 0, exitedAfterDisconnect: true });
    expect(cluster.primary.output).toMatch(
      /not recognised: cluster\.worker\.exitedAfterDisconnect \(node@.+\), so a worker exits at once when the primary/,
    );
    expect(cluster.primary.output).toMatch(
      /not recognised: process\.on\('internalMessage'\) \(node@.+\), so cluster\.disconnect\(\) shuts a worker down only/,
    );
    expect(await cluster.reportOf(pid!)).toMatchObject({ status: 'completed' });
  });
});
