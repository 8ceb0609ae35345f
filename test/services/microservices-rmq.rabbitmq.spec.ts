import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/services/until.js';
import { startServer } from '../support/microservices/restarts.js';
import { keepRabbit, TRANSPORTS, type JobClient, type Meeting } from '../support/microservices/transports.js';
import { CLEAN, terminate } from '../support/services/workers.js';
import { answersItself, losesNothing, survivesItsBroker } from './microservices.js';
import type { Program } from '../support/process/program.js';

let rabbit: AsyncDisposable;

beforeAll(async () => {
  rabbit = await keepRabbit();
}, 60_000);

afterAll(async () => {
  await rabbit[Symbol.asyncDispose]();
});

losesNothing('rmq');
losesNothing('rmq-noack');
answersItself('rmq');
survivesItsBroker('rmq');

/** A handler that does not finish within this. */
const GRACE_PERIOD_MS = 3_000;

const CUT = { code: 1, status: 'failed', cuts: [{ kind: 'message', name: 'note' }] };

describe.each([
  { transport: 'rmq', end: CLEAN, left: 1 },
  { transport: 'rmq-noack', end: CUT, left: 0 },
] as const)('a handler that outlasts the drain, on $transport', ({ transport, end, left }) => {
  let meeting: Meeting;
  let client: JobClient;
  const started = new Set<Program>();

  beforeEach(async () => {
    meeting = await TRANSPORTS[transport]();
    client = await meeting.client();
  }, 60_000);

  afterEach(async () => {
    for (const program of started) await program[Symbol.asyncDispose]();
    started.clear();
    await client.close();
    await meeting[Symbol.asyncDispose]();
  });

  it.each([12, 11] as const)(
    'is handed back where it has not acknowledged its message, on Nest %i',
    async (nest) => {
      const startOne = async (): Promise<Program> => {
        const settings = { isHybrid: false, isBare: false, nest };
        const { program } = await startServer(meeting, settings, { gracePeriodMs: GRACE_PERIOD_MS });
        started.add(program);
        return program;
      };
      const id = `endless on Nest ${nest}`;
      const hanging = await startOne();
      await client.emit!({ id, ms: -1 });
      await hanging.event('begun', (event) => event['id'] === id);
      const { code, status, cuts } = await terminate(hanging);

      expect({ code, status, cuts }).toMatchObject(end);
      // A message that was handed back waits for another server.
      await until(meeting.waiting!, (count) => count === left);
    },
  );
});
