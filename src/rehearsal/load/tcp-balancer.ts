import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A balancer of connections: each new one goes to the next of its backends, and stays there. */
export class TcpBalancer implements AsyncDisposable {
  readonly #backends: number[] = [];
  readonly #sockets = new Set<Socket>();
  #next = 0;

  readonly #server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const port = this.#backends[this.#next++ % this.#backends.length];
    if (port === undefined) return void client.resetAndDestroy();
    const backend = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const [socket, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => this.#sockets.delete(socket));
      socket.pipe(other);
    }
  });

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  static async create(): Promise<TcpBalancer> {
    const balancer = new TcpBalancer();
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  add(port: number): void {
    this.#backends.push(port);
  }

  /** Sends no more connections there; those that are open stay. */
  remove(port: number): void {
    const index = this.#backends.indexOf(port);
    if (index >= 0) this.#backends.splice(index, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
