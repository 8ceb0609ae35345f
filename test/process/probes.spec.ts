import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';

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
