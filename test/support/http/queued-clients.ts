import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const PROGRAM = `
const net = require('node:net');
const { parentPort, workerData: { port, count, flag } } = require('node:worker_threads');
const answers = [];
let sent = 0;
for (let i = 0; i < count; i += 1) {
  const socket = net.connect(port, '127.0.0.1');
  let received = '';
  let error = '';
  socket.on('data', (data) => (received += data));
  socket.on('error', ({ code }) => (error = code));
  socket.on('close', () => {
    answers.push(/^HTTP\\/1.1 (\\d+)/.exec(received)?.[1] ?? (error || 'closed'));
    if (answers.length === count) parentPort.postMessage(answers);
  });
  socket.write('GET / HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n', () => {
    sent += 1;
    if (sent < count) return;
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
}
`;

/** Clients on a thread of their own, whose connections and requests queue up while this thread is blocked. */
export class QueuedClients {
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(port: number, count: number) {
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: { port, count, flag: this.#flag } });
  }

  /** Blocks the event loop until every connection and request is in the kernel's queues. */
  blockUntilQueued(): void {
    Atomics.wait(this.#flag, 0, 0);
  }

  /** For each client the status it was answered with, or how it failed. */
  async answers(): Promise<readonly string[]> {
    const [answers] = (await once(this.#worker, 'message')) as [string[]];
    await this.#worker.terminate();
    return answers;
  }
}
