import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { losesNothing, survivesItsBroker } from './microservices.js';
import { startServer } from '../support/microservices/restarts.js';
import { TRANSPORTS, type JobClient, type Meeting } from '../support/microservices/transports.js';
import { toggle } from '../support/services/workers.js';
import type { MicroservicePlan } from '../fixtures/microservice-plan.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

losesNothing('kafka');
survivesItsBroker('kafka', { forgets: true });

// Members of a group join one after the other.
jest.setTimeout(90_000);

let meeting: Meeting;
let client: JobClient;
const started = new Set<Program>();

beforeEach(async () => {
  meeting = await TRANSPORTS.kafka();
  client = await meeting.client();
});

afterEach(async () => {
  await client.close();
  for (const program of started) await program[Symbol.asyncDispose]();
  started.clear();
  await meeting[Symbol.asyncDispose]();
});

async function startOne(nest: 11 | 12, plan: Partial<MicroservicePlan> = {}): Promise<Program> {
  const { program } = await startServer(
    meeting,
    { isHybrid: false, isBare: false, nest },
    { announceDelayMs: 0, ...plan },
  );
  started.add(program);
  return program;
}

async function terminate(
  program: Program,
): Promise<{ code: number | null; report: ShutdownReport; output: string }> {
  program.signal('SIGTERM');
  const { code, output } = await program.exited;
  const { report } = await program.event('report');
  return { code, report: report as ShutdownReport, output };
}

const idsOf = (program: Program, name: string): string[] =>
  program.events.filter(({ event }) => event === name).map(({ id }) => String(id));

describe.each([12, 11] as const)('a microservice on Kafka and Nest %i', (nest) => {
  it('finishes what it has begun, and begins nothing more', async () => {
    const first = await startOne(nest);
    const ids = Array.from({ length: 24 }, (_, index) => String(index));
    for (const id of ids) await client.emit!({ id, ms: 100 });
    await first.event('begun');

    const { code, report } = await terminate(first);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(idsOf(first, 'begun').length).toBeLessThan(2 * ids.length);
    expect(idsOf(first, 'done').toSorted()).toEqual(idsOf(first, 'begun').toSorted());
  });

  it('hands back what it cannot finish', async () => {
    const hanging = await startOne(nest, { gracePeriodMs: 5_000 });
    await client.emit!({ id: 'endless', ms: -1 });
    await hanging.event('begun');

    const { code, report, output } = await terminate(hanging);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(output).toMatch(/message \d+ of note\/\d was handed back/);

    const other = await startOne(nest);
    await other.event('begun', ({ id }) => id === 'endless');
  });

  it('cuts and names a stream whose message is committed, and tells its client', async () => {
    const streaming = await startOne(nest, { gracePeriodMs: 5_000 });
    const reply = client.others['stream']!({ id: 'long', ms: 15_000 }).catch((error: unknown) => error);
    await client.emit!({ id: 'endless', ms: -1 });
    await streaming.event('begun', ({ id }) => id === 'endless');
    await streaming.event('streaming');

    const { code, report, output } = await terminate(streaming);
    expect(code).toBe(1);
    expect(report.cuts).toMatchObject([{ kind: 'message', name: 'stream' }]);
    expect(output).toMatch(/message \d+ of note\/\d was handed back/);
    expect(output).not.toMatch(/message \d+ of stream\/\d was handed back/);
    expect(await reply).toMatchObject({ status: 'error', code: 'SHUTTING_DOWN' });
  });

  it('receives from all partitions after an announcement in which some went away and came back', async () => {
    const drained = await startOne(nest);
    await toggle(drained, 'draining', 1);
    const other = await startOne(nest);
    await toggle(drained, 'resumed', 1);
    await terminate(other);

    const ids = Array.from({ length: 40 }, (_, index) => `after ${index}`);
    for (const id of ids) await client.emit!({ id, ms: 0 });
    for (const id of ids) await drained.event('done', (event) => event['id'] === id);
    expect(await terminate(drained)).toMatchObject({ code: 0, report: { status: 'completed', cuts: [] } });
  });

  it('leaves the rest to the other servers of its group, and nothing that it has done', async () => {
    const leaving = await startOne(nest);
    const staying = await startOne(nest);
    const ids = Array.from({ length: 40 }, (_, index) => String(index));
    const sent = ids.map((id) => client.emit!({ id, ms: 50 }));
    await leaving.event('done');
    const { code, report } = await terminate(leaving);
    await Promise.all(sent);
    const begun = new Set(idsOf(leaving, 'begun'));
    for (const id of ids.filter((one) => !begun.has(one))) {
      await staying.event('done', (event) => event['id'] === id);
    }

    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(begun.size).toBeGreaterThan(0);
    expect(idsOf(leaving, 'done').toSorted()).toEqual(idsOf(leaving, 'begun').toSorted());
    expect(idsOf(staying, 'begun').filter((id) => begun.has(id))).toEqual([]);
  });
});
