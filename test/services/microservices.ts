import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { restart, startServer } from '../support/microservices/restarts.js';
import {
  TRANSPORTS,
  type Broker,
  type Meeting,
  type TransportName,
} from '../support/microservices/transports.js';
import { CLEAN, terminate, toggle } from '../support/services/workers.js';
import type { Program } from '../support/process/program.js';
import type { MicroservicePlan } from '../fixtures/microservice-plan.js';
import type { ShutdownReport } from 'nestjs-drain';

/** How often one of two servers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 1);

// Brokers and servers start anew in each of these tests.
jest.setTimeout(60_000 + RESTARTS * 10_000);

/** Two servers of a transport under load, of which one after the other is replaced, in both shapes, on both majors. */
export function losesNothing(transport: TransportName): void {
  describe.each([12, 11] as const)(`microservices on ${transport} and Nest %i`, (nest) => {
    it.each([
      ['microservices', false],
      ['hybrid applications', true],
    ])('lose nothing while one after the other is replaced: %s', async (_, isHybrid) => {
      const tally = await restart(transport, { restarts: RESTARTS, isHybrid, isBare: false, nest });

      expect(tally).toMatchObject({ failed: 0, lost: 0, unfinished: 0, codes: new Set([0]) });
      expect(tally.requests + tally.events).toBeGreaterThan(0);
    });
  });
}

/** The only server of a transport, whose handlers ask their own process through the broker. */
export function answersItself(transport: TransportName): void {
  it.each([12, 11] as const)(
    `a handler on ${transport} is answered by its own process in a shutdown, on Nest %i`,
    async (nest) => {
      await using meeting = await TRANSPORTS[transport]();
      const { ownClient } = meeting;
      const settings = { isHybrid: false, isBare: false, nest };
      const { program } = await startServer(meeting, settings, { ...(ownClient && { ownClient }) });
      await using _ = program;
      const client = await meeting.client();
      const reply = client.others['relay']!({ id: 'outside', ms: 300 });
      await program.event('begun', ({ id }) => id === 'outside');
      program.signal('SIGTERM');

      expect(await reply).toBe('done outside inside');
      const { code } = await program.exited;
      expect({ code, report: (await program.event('report'))['report'] }).toMatchObject({
        code: 0,
        report: { status: 'completed', cuts: [] },
      });
      await client.close();
    },
  );
}

/** A server with an option that has Nest wait before it closes the connection. */
export function closesAtOnce(transport: TransportName, waiting: object): void {
  it.each([12, 11] as const)(`a microservice on ${transport} closes at once, on Nest %i`, async (nest) => {
    await using meeting = await TRANSPORTS[transport]();
    const { plan } = await meeting.server();
    const settings = { isHybrid: false, isBare: false, nest };
    const { program } = await startServer(meeting, settings, { options: { ...plan.options, ...waiting } });
    await using _ = program;

    const end = await terminate(program);
    expect(end).toMatchObject(CLEAN);
    expect(end.output).not.toContain('closing took longer');
  });
}

/** A server whose application subscribes with the client of the server, and one without handlers. */
export function leavesTheRestAlone(
  transport: 'nats' | 'mqtt' | 'redis',
  publisher: (broker: Broker) => Promise<Publisher>,
): void {
  describe.each([12, 11] as const)(`a microservice on ${transport} and Nest %i`, (nest) => {
    const settings = { isHybrid: false, isBare: false, nest };

    it.each([true, false])(
      'keeps subscriptions of its application, with handlers: %s',
      async (hasHandlers) => {
        await using meeting = await TRANSPORTS[transport]();
        const plan = { ownTopic: 'own', hasHandlers, announceDelayMs: 0 };
        const { program } = await startServer(meeting, settings, plan);
        await using _ = program;
        await using client = await publisher(meeting.broker!);
        const heard = (text: string): Promise<unknown> =>
          program.event('heard', (event) => event['text'] === text);

        for (const round of [1, 2]) {
          await toggle(program, 'draining', round);
          await client.publish('own', `drained ${round}`);
          await heard(`drained ${round}`);
          await toggle(program, 'resumed', round);
          await client.publish('own', `resumed ${round}`);
          await heard(`resumed ${round}`);
        }
        const end = await terminate(program);
        expect(end).toMatchObject(CLEAN);
        expect(end.output).not.toContain('could not');
        const texts = program.events.filter(({ event }) => event === 'heard').map(({ text }) => text);
        expect(texts).toEqual(['drained 1', 'resumed 1', 'drained 2', 'resumed 2']);
      },
    );
  });
}

/** Sends to a topic, without Nest. */
export interface Publisher extends AsyncDisposable {
  publish(topic: string, text: string): Promise<unknown>;
}

/**
 * A server whose broker fails in the middle of its shutdown.
 *
 * @param forgets whether the broker forgets everything when it stops, so that it cannot restart
 */
export function survivesItsBroker(transport: TransportName, { forgets = false } = {}): void {
  const open: AsyncDisposable[] = [];
  let thaw = (): void => {};

  afterEach(async () => {
    thaw();
    thaw = () => {};
    for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
  });

  async function startBusy(
    plan: Partial<MicroservicePlan> = {},
  ): Promise<{ meeting: Meeting; program: Program }> {
    const meeting = await TRANSPORTS[transport]();
    open.push(meeting);
    const settings = { isHybrid: false, isBare: false };
    const { program } = await startServer(meeting, settings, {
      gracePeriodMs: 6_000,
      announceDelayMs: 0,
      ...plan,
    });
    open.push(program);
    const client = await meeting.client();
    open.push({ [Symbol.asyncDispose]: () => client.close().catch(() => undefined) });
    void client.emit?.({ id: 'busy', ms: 300 });
    await program.event('begun', ({ id }) => id === 'busy');
    return { meeting, program };
  }

  async function end(
    program: Program,
  ): Promise<{ code: number | null; report: ShutdownReport; output: string }> {
    const { code, output } = await program.exited;
    const { report } = await program.event('report');
    return { code, report: report as ShutdownReport, output };
  }

  /** Expects a program to have finished its message, and to end without a loss. */
  async function expectFinished(program: Program): Promise<ShutdownReport> {
    const { code, report } = await end(program);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(program.events).toContainEqual({ event: 'done', id: 'busy' });
    return report;
  }

  describe(`a microservice on ${transport}`, () => {
    it('finishes its messages and exits when its broker is frozen', async () => {
      const { meeting, program } = await startBusy();
      meeting.broker!.freeze();
      thaw = () => meeting.broker!.thaw();
      program.signal('SIGTERM');

      const report = await expectFinished(program);
      expect(report.durationMs).toBeLessThan(6_000);
    });

    it('finishes its messages and exits when its broker goes away', async () => {
      const { meeting, program } = await startBusy();
      program.signal('SIGTERM');
      await meeting.broker!.stop();

      await expectFinished(program);
    });

    if (forgets) return;

    it('finishes its messages and exits when its broker restarts', async () => {
      const { meeting, program } = await startBusy();
      program.signal('SIGTERM');
      await meeting.broker!.stop();
      await meeting.broker!.start();

      const { code, report } = await end(program);
      expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
      expect(program.events).toContainEqual({ event: 'done', id: 'busy' });
    });
  });
}
