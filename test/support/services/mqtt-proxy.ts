import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Condition } from '../../../src/util/condition.js';

/** The types of packets, by the first four bits of each. */
const TYPES = { connect: 1, pubrec: 5 } as const;

/** Between servers and a broker of MQTT: tells what servers send, and may be slow with some of it. */
export class MqttProxy implements AsyncDisposable {
  /** By how many milliseconds each PUBREC comes late; Infinity if none arrives. */
  pubrecDelayMs = 0;

  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<number, number>();
  readonly #changed = new Condition();

  private constructor(broker: string) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(new URL(broker).port), '127.0.0.1');
      this.#connect(client, upstream);
    });
  }

  static async create(broker: string): Promise<MqttProxy> {
    const proxy = new MqttProxy(broker);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many packets of a type servers have sent. */
  count(type: keyof typeof TYPES): number {
    return this.#counts.get(TYPES[type]) ?? 0;
  }

  /** Resolves when servers have sent so many packets of a type. */
  async sent(type: keyof typeof TYPES, count: number): Promise<void> {
    await this.#changed.until(() => this.count(type) >= count, new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connect(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      // The other one notices.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        (socket === client ? upstream : client).destroy();
      });
    }
    upstream.on('data', (data) => client.write(data));
    let pending = Buffer.alloc(0);
    client.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      for (let size = sizeOfPacket(pending); size <= pending.length; size = sizeOfPacket(pending)) {
        this.#pass(pending.subarray(0, size), upstream);
        pending = pending.subarray(size);
      }
    });
  }

  #pass(packet: Buffer, upstream: Socket): void {
    const type = packet[0]! >> 4;
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    this.#changed.notify();
    const pass = (): void => void (upstream.writable && upstream.write(packet));
    if (type !== TYPES.pubrec) pass();
    else if (this.pubrecDelayMs < Infinity) setTimeout(pass, this.pubrecDelayMs);
  }
}

/** The size of the packet with which the data begin; Infinity if that is not known yet. */
function sizeOfPacket(data: Buffer): number {
  let length = 0;
  for (let index = 1; index <= 4 && index < data.length; index += 1) {
    length += (data[index]! & 0x7f) * 0x80 ** (index - 1);
    if (data[index]! < 0x80) return 1 + index + length;
  }
  return Infinity;
}
