import { randomBytes } from 'node:crypto';

/** A frame that a server sent. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** Reads the frames of a server from what arrives, however it is split. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns the frames that are complete. */
  read(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]! & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + length) return undefined;
    this.#rest = bytes.subarray(head + length);
    return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(head, head + length) };
  }
}

/** Makes a control frame of a client: masked, with at most 125 bytes of payload. */
export function controlFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ mask[index % 4]!);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}
