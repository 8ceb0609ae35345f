import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { start, type Program } from '../support/process/program.js';

const MAJORS = [12, 11] as const;
const programs: Program[] = [];

afterEach(async () => {
  for (const program of programs.splice(0)) await program[Symbol.asyncDispose]();
});

/** Starts the example, on a port of its choice or on one that was used before. */
async function startChat(
  nest: 11 | 12,
  adapter: 'ws' | 'socket.io',
  port = 0,
): Promise<{ program: Program; port: number }> {
  const env = { ADAPTER: adapter, PORT: String(port), NODE_ENV: 'production', NO_COLOR: '1' };
  const program = start('examples/chat/main', { nest, env });
  programs.push(program);
  return { program, port: Number((await program.event('listening'))['port']) };
}

describe.each(MAJORS)('the chat example on Nest %d', (nest) => {
  it('answers what was said, sends its clients away with 1012, and archives that they left', async () => {
    const { program, port } = await startChat(nest, 'ws');
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    await once(client, 'open');
    client.send(JSON.stringify({ event: 'say', data: 'hello' }));
    await program.event('saying');
    const answer = once(client, 'message') as Promise<[Buffer]>;
    const end = once(client, 'close') as Promise<[number, Buffer]>;

    program.signal('SIGTERM');

    expect(JSON.parse(String((await answer)[0]))).toEqual({ event: 'said', data: 1 });
    const [code, reason] = await end;
    expect([code, reason.toString()]).toEqual([1012, 'Service Restart']);
    const { lines } = await program.event('archived');
    expect(lines).toEqual(['hello', 'somebody left']);
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('is found again by a client of socket.io, when the next process has taken over', async () => {
    const { program, port } = await startChat(nest, 'socket.io');
    const client = io(`http://127.0.0.1:${port}`, { path: '/chat', reconnectionDelay: 20 });
    const said = (): Promise<number> => new Promise((resolve) => client.once('said', resolve));
    try {
      client.emit('say', 'hello');
      await program.event('saying');
      const answer = said();

      program.signal('SIGTERM');

      expect(await answer).toBe(1);
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect((await program.event('archived'))['lines']).toEqual(['hello', 'somebody left']);
      await startChat(nest, 'socket.io', port);
      client.emit('say', 'hello again');
      expect(await said()).toBe(1);
    } finally {
      client.disconnect();
    }
  });
});
