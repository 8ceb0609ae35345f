import { readFileSync } from 'node:fs';
import { start } from '../support/process/program.js';
import { startServer } from './measured-server.js';
import { median } from './statistics.js';
import type { Place } from '../faults/fault-table.js';
import type { FaultyPlan } from '../fixtures/faulty.js';
import type { Figure } from './figure.js';

const RUNS = 15;
const GRACE_MS = 1_000;
const PROMISED_MS = 250;
const WATCHDOG_MARGIN_MS = 250;

/** How long after the deadline a process is gone that hangs or is blocked, and what the watchdog costs. */
export async function measure(): Promise<readonly Figure[]> {
  return [
    await lateness('never settles', 'flush', PROMISED_MS),
    await lateness('blocks the event loop', 'drain', PROMISED_MS + WATCHDOG_MARGIN_MS),
    await memory(),
  ];
}

async function lateness(fault: string, place: Place, promisedMs: number): Promise<Figure> {
  const late: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    late.push(await lateBy({ platform: run % 2 === 0 ? 'express' : 'fastify', fault, place }));
  }
  const most = Math.max(...late);
  return {
    what: `a hook that ${fault}: gone after the deadline by`,
    measured: `${median(late).toFixed(0)} ms, at most ${most.toFixed(0)} ms; ${RUNS} runs`,
    promised: `at most ${promisedMs} ms`,
    isKept: most <= promisedMs,
  };
}

async function lateBy(plan: Omit<FaultyPlan, 'options'>): Promise<number> {
  const options = { gracePeriodMs: GRACE_MS, logProgress: false };
  await using program = start('fixtures/faulty', {
    env: { FAULTY: JSON.stringify({ ...plan, options }), NODE_ENV: 'production' },
  });
  await program.event('listening');
  const from = performance.now();
  program.signal('SIGTERM');
  await program.gone;
  return performance.now() - from - GRACE_MS;
}

async function memory(): Promise<Figure> {
  const off: number[] = [];
  const atBoot: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    off.push(await residentBytes(true));
    atBoot.push(await residentBytes('at-boot'));
  }
  const moreMb = (median(atBoot) - median(off)) / 1e6;
  return {
    what: "memory of the watchdog with 'at-boot'",
    measured: `${moreMb.toFixed(1)} MB; before a trigger none otherwise; ${RUNS} pairs`,
  };
}

async function residentBytes(watchdog: true | 'at-boot'): Promise<number> {
  await using server = await startServer({ platform: 'express', mode: 'drain', options: { watchdog } });
  // A request behind the thread's start: what is measured is up.
  await (await fetch(`http://127.0.0.1:${server.port}/held?ms=200`)).text();
  const status = readFileSync(`/proc/${server.program.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
