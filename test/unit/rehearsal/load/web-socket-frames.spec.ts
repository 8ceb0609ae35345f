import { describe, expect, it } from '@jest/globals';
import { CLOSE, controlFrame, FrameReader } from '../../../../src/rehearsal/load/web-socket-frames.js';

function serverFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

describe('FrameReader', () => {
  it.each([
    { lengths: [0, 5, 125, 126], size: 1 },
    { lengths: [0, 126, 65_535, 65_536], size: 1_000 },
    { lengths: [0, 126, 65_535, 65_536], size: 1_000_000 },
  ])('reads frames of $lengths bytes from pieces of $size', ({ lengths, size }) => {
    const bytes = Buffer.concat(lengths.map((length) => serverFrame(1, Buffer.alloc(length, 'x'))));
    const reader = new FrameReader();
    const frames = [];
    for (let at = 0; at < bytes.length; at += size)
      frames.push(...reader.read(bytes.subarray(at, at + size)));
    expect(frames.map(({ payload }) => payload.length)).toEqual(lengths);
  });

  it('does not take the half of a frame for one', () => {
    expect(new FrameReader().read(serverFrame(CLOSE, Buffer.from([3, 233])).subarray(0, 3))).toEqual([]);
  });
});

describe('controlFrame', () => {
  it('is masked, as those of clients have to be', () => {
    const frame = controlFrame(CLOSE, Buffer.from([0x03, 0xe9]));
    const [head, length, ...rest] = frame;
    expect([head, length]).toEqual([0x88, 0x82]);
    const [a, b, , , first, second] = rest as [number, number, number, number, number, number];
    expect([a ^ first, b ^ second]).toEqual([0x03, 0xe9]);
  });
});
