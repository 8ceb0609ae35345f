import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { clientTls } from './tls-with-shared-key.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME_TYPES = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
];
const HEAD_BYTES = 9;

/** What came over the wire, settings and windows apart: `HEADERS 1`, `DATA 1 5 bytes`, `GOAWAY 0 last 1 code 0`. */
export type FrameText = string;

/** A client that sends frames of HTTP/2 and keeps those that come back; what it is told to do, it does not. */
export class RawHttp2Client {
  readonly socket: Socket;
  readonly frames: FrameText[] = [];
  /** Settles when the connection is gone, with the code of the error if there was one. */
  readonly ended: Promise<string | undefined>;
  #unread = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => this.#onData(data));
    let code: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
    this.ended = new Promise((resolve) => socket.once('close', () => resolve(code)));
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame('SETTINGS', 0, 0), frame('SETTINGS', 1, 0)]));
  }

  /**
   * Connects, and resolves when the server has begun the session.
   *
   * @param allowHalfOpen whether it stays when the server has ended
   */
  static async connect(
    scheme: 'http' | 'https',
    port: number,
    allowHalfOpen = false,
  ): Promise<RawHttp2Client> {
    const below = net.connect({ port, host: '127.0.0.1', allowHalfOpen });
    const socket =
      scheme === 'http' ? below : tls.connect({ socket: below, ...clientTls, ALPNProtocols: ['h2'] });
    const client = new RawHttp2Client(socket);
    await once(socket, 'data');
    return client;
  }

  /** A request without a body, or with one that is to follow. */
  request(stream: number, path: string, method = 'GET'): this {
    const header = { ':method': method, ':scheme': 'http', ':authority': 'test', ':path': path };
    const endHeaders = 4;
    const endStream = method === 'GET' ? 1 : 0;
    const block = Object.entries(header).map(([name, value]) => literal(name, value));
    return this.#send(frame('HEADERS', endHeaders | endStream, stream, Buffer.concat(block)));
  }

  /** Asks for a tunnel. */
  tunnel(stream: number, authority: string): this {
    const header = { ':method': 'CONNECT', ':authority': authority };
    const block = Object.entries(header).map(([name, value]) => literal(name, value));
    return this.#send(frame('HEADERS', 4, stream, Buffer.concat(block)));
  }

  data(stream: number, bytes: number): this {
    return this.#send(frame('DATA', 0, stream, Buffer.alloc(bytes)));
  }

  /** A request that its client gives up with the same packet. */
  requestAndCancel(stream: number, path: string): this {
    this.socket.cork();
    this.request(stream, path);
    this.#send(frame('RST_STREAM', 0, stream, Buffer.from([0, 0, 0, 8])));
    this.socket.uncork();
    return this;
  }

  /** Lets the server send so many bytes more than it may by default, 65 535. */
  grant(stream: number, bytes: number): this {
    const increment = Buffer.alloc(4);
    increment.writeUInt32BE(bytes);
    return this.#send(
      Buffer.concat([frame('WINDOW_UPDATE', 0, 0, increment), frame('WINDOW_UPDATE', 0, stream, increment)]),
    );
  }

  /** Resolves when a frame that begins with `text` has come. */
  async until(text: FrameText): Promise<void> {
    while (!this.frames.some((one) => one.startsWith(text))) {
      const ended = this.ended.then((code) => {
        throw new Error(`ended (${code ?? 'no error'}) before ${text}; received: ${this.frames.join(', ')}`);
      });
      await Promise.race([once(this.socket, 'data'), ended]);
    }
  }

  #send(bytes: Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  #onData(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data]);
    while (this.#unread.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < end) return;
      const text = describe(this.#unread.subarray(0, end));
      if (text !== undefined) this.frames.push(text);
      this.#unread = this.#unread.subarray(end);
    }
  }
}

function frame(type: string, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = FRAME_TYPES.indexOf(type);
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field as HPACK has it without index and without Huffman; for names and values of less than 127 bytes. */
function literal(name: string, value: string): Buffer {
  const texts = [name, value].flatMap((text) => [Buffer.from([text.length]), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0]), ...texts]);
}

function describe(bytes: Buffer): FrameText | undefined {
  const type = FRAME_TYPES[bytes[3]!];
  if (type === undefined || ['SETTINGS', 'WINDOW_UPDATE'].includes(type)) return undefined;
  const payload = bytes.subarray(HEAD_BYTES);
  const text = `${type} ${bytes.readUInt32BE(5)}`;
  if (type === 'GOAWAY') return `${text} last ${payload.readUInt32BE(0)} code ${payload.readUInt32BE(4)}`;
  if (type === 'RST_STREAM') return `${text} code ${payload.readUInt32BE(0)}`;
  return type === 'DATA' ? `${text} ${payload.length} bytes` : text;
}
