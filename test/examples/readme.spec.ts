import { once } from 'node:events';
import { request } from 'node:http';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { namedBlock, writeModule } from '../unit/docs/compile-block.js';
import { start, type Program } from '../support/process/program.js';
import type { IncomingMessage } from 'node:http';

/** Blocks of the documentation, completed to programs. They listen on a free port, and tell which. */
const MAIN = namedBlock('README.md', 'main.ts').replace(
  'await app.listen(3000)',
  "await app.listen(0, '127.0.0.1'); console.log(JSON.stringify({ event: 'listening', url: await app.getUrl() }))",
);

const CONSUMER_MODULE = `
import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { InvoiceQueue, Invoices } from './invoices.js';

const tell = (event: string) => console.log(JSON.stringify({ event }));

/** Has one invoice if BUSY is set, which is sent with a SIGWINCH. */
class Queue extends InvoiceQueue {
  #invoices = process.env['BUSY'] === undefined ? [] : [{ send: () => this.#send() }];

  next(signal: AbortSignal) {
    const invoice = this.#invoices.shift();
    if (invoice) return Promise.resolve(invoice);
    tell('waiting');
    return new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  }

  #send() {
    tell('sending');
    return new Promise<void>((resolve) => process.once('SIGWINCH', () => {
      tell('sent');
      resolve();
    }));
  }
}

@Module({ imports: [GracefulShutdownModule], providers: [Invoices, { provide: InvoiceQueue, useClass: Queue }] })
export class AppModule {}
`;

beforeAll(() => {
  writeModule('readme', 'main.ts', MAIN);
  writeModule('readme', 'app.module.ts', namedBlock('README.md', 'app.module.ts'));
  writeModule('features', 'main.ts', MAIN);
  writeModule('features', 'invoices.ts', namedBlock('docs/features.md', 'invoices.ts'));
  writeModule('features', 'app.module.ts', CONSUMER_MODULE);
});

describe.each([12, 11] as const)('on Nest %i', (nest) => {
  const run = (folder: string, env: Record<string, string> = {}): Program =>
    start(`../.test-cache/${folder}/main`, { nest, env: { NODE_ENV: 'production', NO_COLOR: '1', ...env } });

  const expectCleanExit = async (program: Program): Promise<void> => {
    const { code, signal, output } = await program.exited;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(output).toMatch(/SIGTERM: shutting down within 8000 ms/);
    expect(output).toMatch(/shutdown completed after/);
    expect(output).not.toMatch(/WARN|ERROR/);
  };

  it('the application of README.md ends cleanly when it is idle', async () => {
    await using program = run('readme');
    await program.event('listening');

    program.signal('SIGTERM');

    await expectCleanExit(program);
  });

  it('the application of README.md ends cleanly, and answers, when a request is in flight', async () => {
    await using program = run('readme');
    const { url } = await program.event('listening');
    const upload = request(String(url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 2 },
    });
    upload.write('{');
    await once(upload, 'socket').then(([socket]) => once(socket as NodeJS.EventEmitter, 'connect'));
    await fetch(`${String(url)}/readyz`);

    program.signal('SIGTERM');
    await program.printed(/SIGTERM: shutting down .*HTTP server: 1/);
    upload.end('}');

    const [response] = (await once(upload, 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(404);
    await expectCleanExit(program);
  });

  it('the consumer of docs/features.md ends cleanly when its queue is empty', async () => {
    await using program = run('features');
    await program.event('waiting');
    await program.event('listening');

    program.signal('SIGTERM');

    await expectCleanExit(program);
  });

  it('the consumer of docs/features.md finishes the job that it has', async () => {
    await using program = run('features', { BUSY: 'yes' });
    await program.event('sending');
    await program.event('listening');

    program.signal('SIGTERM');
    await program.printed(/SIGTERM: shutting down/);
    program.signal('SIGWINCH');

    await program.event('sent');
    await expectCleanExit(program);
    expect(program.events.filter(({ event }) => event === 'waiting')).toEqual([]);
  });
});
