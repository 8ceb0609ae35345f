import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isDeepStrictEqual } from 'node:util';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { FlappingApplication } from '../support/http/flapping.js';
import type { Figure } from './figure.js';

const FLAPS = 10_000;
/** By then, everything is compiled and cached. */
const WARM_UP = 1_000;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Announces and resumes with responses, an event stream and sockets in flight, and counts what is left. */
export async function measure(): Promise<readonly Figure[]> {
  return [
    ...(await measureOn('Express', new ExpressAdapter())),
    ...(await measureOn('Fastify', new FastifyAdapter())),
  ];
}

async function measureOn(name: string, adapter: AbstractHttpAdapter): Promise<readonly Figure[]> {
  const app = await FlappingApplication.start(adapter);
  const traces = app.traces();
  const { received } = app;
  await app.flap(WARM_UP);
  const heap = heapBytes();
  await app.flap(FLAPS);
  const ratio = heapBytes() / heap;
  const isUntouched = isDeepStrictEqual(app.traces(), traces) && isDeepStrictEqual(app.received, received);
  const answers = await app.finish();
  return [
    {
      what: `${FLAPS} flaps on ${name}: listeners, own properties and bytes`,
      measured: isUntouched ? 'as before' : 'different',
      promised: 'as before',
      isKept: isUntouched,
    },
    {
      what: `${FLAPS} flaps on ${name}: heap after a collection`,
      measured: `${ratio.toFixed(3)} times`,
      promised: 'at most 1.02 times',
      isKept: ratio <= 1.02,
    },
    {
      what: `${FLAPS} flaps on ${name}: answered in the end`,
      measured: `${answers.length} of 5`,
      promised: 'all',
      isKept: answers.length === 5,
    },
  ];
}
