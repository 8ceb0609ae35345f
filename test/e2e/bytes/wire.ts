import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { eventually } from '../../support/http/eventually.js';
import { RawClient } from '../../support/http/raw-client.js';
import type { Conversation } from './conversations.js';

const FINISHED = 'http.server.response.finish';

/** A connection to a server, with both of its ends. */
export class Wire {
  readonly #client: RawClient;
  readonly #socket: Socket;
  /** Number of responses that are finished. */
  finished = 0;
  /** Whether the connection has ended. */
  hasEnded = false;

  private constructor(client: RawClient, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
    void client.ended.then(() => (this.hasEnded = true));
    subscribe(FINISHED, this.#onFinish);
  }

  static async connect(server: Server): Promise<Wire> {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = await RawClient.connect((server.address() as AddressInfo).port);
    const [socket] = await accepted;
    return new Wire(client, socket);
  }

  async send({ sends }: Conversation): Promise<void> {
    for (const part of sends) {
      if (typeof part === 'string') this.#client.send(part);
      else {
        await this.#client.until(part.until);
        this.#client.send(part.send);
      }
    }
  }

  /** Everything that was received, once the conversation is over; then ends the connection. */
  async received({ responses = 1 }: Conversation): Promise<string> {
    await eventually(
      () =>
        this.hasEnded ||
        (this.finished >= responses && this.#client.socket.bytesRead === this.#socket.bytesWritten),
    );
    unsubscribe(FINISHED, this.#onFinish);
    this.#client.socket.destroy();
    await this.#client.ended;
    return this.#client.received;
  }

  readonly #onFinish = (message: unknown): void => {
    if ((message as { socket: Socket }).socket === this.#socket) this.finished += 1;
  };
}

/** Without what differs from one second to the next. */
export function timeless(bytes: string): string {
  return bytes.replaceAll(/^Date: .*$/gm, 'Date: now');
}

/** Without what tells whether the connection goes on. */
export function withoutConnection(bytes: string): string {
  return timeless(bytes).replaceAll(/^(Connection|Keep-Alive): .*\r\n/gim, '');
}
