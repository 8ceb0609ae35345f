import { connect } from 'node:net';

/** How a stream ended, as its client sees it. */
export interface StreamEnd {
  /** Whether the last chunk came, and then the end of the connection without an error. */
  readonly isClean: boolean;
  /** What it was told to wait, in milliseconds. */
  readonly retryMs: number | undefined;
  /** When the last event came, on the monotonic clock. */
  readonly at: number;
}

/** A client with an open stream. */
export interface StreamClient {
  readonly ended: Promise<StreamEnd>;
  close(this: void): void;
}

const REQUEST = 'GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n';
/** As many at a time as any kernel queues. */
const BATCH = 100;

/** Opens streams, and waits for the first event of each. */
export async function openStreams(port: number, count: number): Promise<StreamClient[]> {
  const clients: StreamClient[] = [];
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - clients.length) }, () => openStream(port));
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

/** Opens one stream, and waits for its first event. */
function openStream(port: number): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    let received = '';
    let hasFailed = false;
    let at = 0;
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
    const ended = new Promise<StreamEnd>((end) => {
      socket.once('close', () => {
        const retry = /^retry: (\d+)$/m.exec(received)?.[1];
        const isClean = !hasFailed && received.endsWith('\r\n0\r\n\r\n');
        end({ isClean, retryMs: retry === undefined ? undefined : Number(retry), at });
        reject(new Error(`a stream ended before its first event: ${received}`));
      });
    });
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      at = performance.now();
      if (received.includes('data: one')) resolve({ ended, close: () => socket.destroy() });
    });
    socket.on('error', (error) => {
      hasFailed = true;
      reject(error);
    });
  });
}
