import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { clientTls } from './tls-with-shared-key.js';
import { parseResponses, type RawResponse } from './raw-response.js';

/** How a connection ended, as its client sees it. */
export interface RawEnd {
  readonly received: string;
  /** Code of the error, when there was one: `ECONNRESET`. */
  readonly error?: string;
}

/** A client that sends bytes and keeps what comes back. */
export class RawClient {
  /** Settles when the connection is gone. */
  readonly ended: Promise<RawEnd>;
  readonly socket: Socket;
  #received = '';
  #error: string | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code;
    });
    this.ended = new Promise((resolve) => {
      socket.once('close', () =>
        resolve({ received: this.#received, ...(this.#error !== undefined && { error: this.#error }) }),
      );
    });
  }

  /** Connects, and resolves when the other side's kernel has accepted. */
  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const client = new RawClient(net.connect(port, host));
    await once(client.socket, 'connect');
    return client;
  }

  /** Connects, and resolves when the handshake is over. */
  static async connectTls(port: number): Promise<RawClient> {
    const client = new RawClient(tls.connect({ port, host: '127.0.0.1', ...clientTls }));
    await once(client.socket, 'secureConnect');
    return client;
  }

  /** Everything that was received so far. */
  get received(): string {
    return this.#received;
  }

  /** The complete responses among it. */
  get responses(): readonly RawResponse[] {
    return parseResponses(this.#received);
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** A request without a body. */
  get(path: string, headers = ''): this {
    return this.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`);
  }

  /** Resolves when this text has been received. */
  async until(text: string): Promise<void> {
    while (!this.#received.includes(text)) await this.#more(`"${text}"`);
  }

  /** Resolves with all responses when there are as many as `count`. */
  async untilResponses(count: number): Promise<readonly RawResponse[]> {
    while (this.responses.length < count) await this.#more(`${count} responses`);
    return this.responses;
  }

  async #more(awaited: string): Promise<void> {
    const ended = this.ended.then(({ error }) => {
      throw new Error(`ended (${error ?? 'no error'}) before ${awaited}; received: ${this.#received}`);
    });
    await Promise.race([once(this.socket, 'data'), ended]);
  }
}
