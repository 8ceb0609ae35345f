import net, { type Socket } from 'node:net';

const BATCH = 256;

/** Connections that ask for the same thing again and again; as cheap as possible, so that the server is the bottleneck. */
export class KeepAliveLoad {
  readonly #sockets: readonly Socket[];
  readonly #request: string;
  #responseBytes = 0;

  private constructor(sockets: readonly Socket[], path: string) {
    this.#sockets = sockets;
    this.#request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
  }

  static async connect(port: number, connections: number, path: string): Promise<KeepAliveLoad> {
    const sockets: Socket[] = [];
    // Fewer at a time than the kernel queues for a listener.
    while (sockets.length < connections) {
      const batch = Array.from({ length: Math.min(BATCH, connections - sockets.length) }, () =>
        net.connect(port, '127.0.0.1').setNoDelay(),
      );
      await Promise.all(batch.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
      sockets.push(...batch);
    }
    const load = new KeepAliveLoad(sockets, path);
    load.#responseBytes = await measureResponse(sockets[0]!, load.#request);
    return load;
  }

  /** Sends so many requests, each connection one after the other. */
  async send(requests: number): Promise<void> {
    const each = Math.ceil(requests / this.#sockets.length);
    await Promise.all(this.#sockets.map((socket) => this.#sendOn(socket, each)));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #sendOn(socket: Socket, requests: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = requests;
      let received = 0;
      const onData = (chunk: Buffer): void => {
        received += chunk.length;
        if (received < this.#responseBytes) return;
        received = 0;
        left -= 1;
        if (left > 0) {
          socket.write(this.#request);
          return;
        }
        socket.off('data', onData).off('close', reject);
        resolve();
      };
      socket.on('data', onData).once('close', reject);
      socket.write(this.#request);
    });
  }
}

/** How long a response is; the routes of a benchmark answer always the same. */
function measureResponse(socket: Socket, request: string): Promise<number> {
  return new Promise((resolve) => {
    let received = '';
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      const headEnd = received.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
      if (headEnd < 0 || received.length < headEnd + 4 + length) return;
      socket.off('data', onData);
      resolve(received.length);
    };
    socket.on('data', onData);
    socket.write(request);
  });
}
