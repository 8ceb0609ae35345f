import { describe, expect, it } from '@jest/globals';
import { start, type Program } from '../support/process/program.js';
import type { StandalonePlan } from '../fixtures/standalone.js';

const startStandalone = (plan: StandalonePlan): Program =>
  start('fixtures/standalone', { env: { STANDALONE: JSON.stringify(plan), NODE_ENV: 'production' } });

const whatRan = (program: Program): unknown[] =>
  program.events.filter(({ event }) => event === 'ran').map(({ what }) => what);

describe('a program without Nest', () => {
  it.each(['node', 'fastify'] as const)(
    'answers what it has accepted, finishes its tasks and its loop, and closes what it has: %s',
    async (serves) => {
      await using program = startStandalone({ options: {}, serves });
      const { port } = await program.event('listening');
      const answer = fetch(`http://127.0.0.1:${String(port)}/work`).then((response) => response.json());
      await program.event('working');
      await program.event('polling');

      program.signal('SIGTERM');

      expect(await answer).toEqual({ done: true });
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(whatRan(program)).toEqual(['task finished', 'store closed', 'flushed']);
      const { report } = await program.event('report');
      expect(report).toMatchObject({ status: 'completed', reason: { kind: 'signal', signal: 'SIGTERM' } });
      const names = (report as { participants: { name: string }[] }).participants.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['HTTP server', 'poller', 'background tasks', 'store']));
    },
  );

  it('has probes, progress and drain on its management port, and goes on after an operator resumed', async () => {
    const key = 'a-key-that-is-long-enough';
    await using program = startStandalone({ options: { management: { port: 0 }, drainAuthKey: key } });
    await program.event('listening');
    const url = /routes also at (http:[\w./:]+)/.exec(program.output)?.[1] ?? '';
    const headers = { authorization: `Bearer ${key}` };
    const readiness = async (): Promise<number> => (await fetch(`${url}/readyz`)).status;

    expect(await readiness()).toBe(200);
    await fetch(`${url}/drain`, { method: 'POST', headers });
    expect(await readiness()).toBe(503);
    await fetch(`${url}/drain`, { method: 'DELETE', headers });
    expect(await readiness()).toBe(200);

    program.signal('SIGTERM');
    expect(await program.exited).toMatchObject({ code: 0 });
  });

  it('is warned about a server that was not handed over', async () => {
    await using program = startStandalone({ options: {}, serves: 'forgotten' });
    const { port } = await program.event('listening');

    const [line] = await program.printed(/This process also listens.*/);

    expect(line).toContain(`127.0.0.1:${String(port)}`);
    expect(line).toContain('shutdown.serve(server)');
  });

  it('ends with the block that it is used in, and by itself, with nothing left behind', async () => {
    await using program = start('fixtures/standalone-block');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(whatRan(program)).toEqual(['block', 'task finished', 'store closed', 'after the block']);
  });
});
