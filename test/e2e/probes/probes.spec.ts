import { afterEach, describe, expect, it } from '@jest/globals';
import { PROBES } from '../../../src/nest/integrations/probes.js';
import { BULL_PROBES } from '../../../src/nest/integrations/bull-probes.js';
import {
  COUNTED_CHANNEL,
  EXITED_AFTER_DISCONNECT,
  MESSAGES_OF_PRIMARY,
} from '../../../src/process/process-probes.js';
import { CLOSED_OF_WORKER } from '../../../src/resources/client-probes.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { nestMajor } from '../../support/nest-major.js';
import { closeAll, LogLines } from '../nest/applications.js';
import { GATEWAY_CASES } from './gateway-cases.js';
import { MESSAGE_CASES } from './message-cases.js';
import { NEST_CASES } from './nest-cases.js';
import { NODE_CASES } from './node-cases.js';
import type { Probe } from '../../../src/util/probe.js';
import type { ShutdownReport } from 'nestjs-drain';
import type { ProbeCase } from './probe-case.js';
import type { RunningProgram } from './feature.js';
import type { Restore } from '../../support/removal.js';

const CASES: readonly ProbeCase[] = [...NODE_CASES, ...NEST_CASES, ...GATEWAY_CASES, ...MESSAGE_CASES];
const HERE = CASES.filter(({ nest = nestMajor }) => nest === nestMajor);

/** Those that need a real Redis, in test/services, or a process of their own, in test/process. */
const ELSEWHERE: readonly Probe[] = [
  ...BULL_PROBES,
  CLOSED_OF_WORKER,
  COUNTED_CHANNEL,
  EXITED_AFTER_DISCONNECT,
  MESSAGES_OF_PRIMARY,
];

let restore: Restore = () => {};
let running: RunningProgram | undefined;

afterEach(async () => {
  await running?.finish?.();
  await running?.close().catch(() => undefined);
  running = undefined;
  restore();
  restore = () => {};
  await closeAll();
});
guardAgainstLeaks();

describe('the table of probes', () => {
  it('has each one removed in a test, and only once', () => {
    const tested = [...CASES.map(({ probe }) => probe), ...ELSEWHERE].map(({ name }) => name);

    expect(tested.toSorted()).toEqual(PROBES.map(({ name }) => name).toSorted());
  });
});

async function run(feature: ProbeCase['feature']): Promise<{ report: ShutdownReport; warnings: string[] }> {
  const log = new LogLines();
  running = await feature(log);
  const { coordinator, finish } = running;
  coordinator.observe((event) => {
    if (event.type === 'phase-entered' && event.phase === 'drain') void finish?.();
  });
  const report = await coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
  return { report, warnings: log.of('warn', 'not recognised') };
}

async function runWithout({ prepare, remove, feature }: ProbeCase): ReturnType<typeof run> {
  restore = prepare?.() ?? (await remove?.()) ?? restore;
  return run(feature);
}

function warningOf({ name, package: packageName, ifMissing }: Probe): unknown {
  return expect.stringMatching(
    new RegExp(`^not recognised: ${escaped(name)} \\(${packageName}@[^)]+\\), so ${escaped(ifMissing)}`),
  );
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const COMFORTS = HERE.filter(({ failing }) => failing === undefined);
const BLIND = HERE.filter(({ failing }) => failing !== undefined);

describe.each(COMFORTS)('without $probe.name', (one) => {
  it('the log says what is off, and what is under way comes to its end', async () => {
    const { report, warnings } = await runWithout(one);

    expect(warnings).toEqual([warningOf(one.probe)]);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
    await running?.outcome?.();
  });
});

describe.each(BLIND)('without $probe.name', (one) => {
  it('the log says what is off, and the shutdown does not claim to have completed', async () => {
    const { report, warnings } = await runWithout(one);

    expect(warnings).toEqual([warningOf(one.probe)]);
    expect(report.status).toBe('failed');
    const failed = report.participants.filter(({ outcome }) => outcome !== 'completed');
    expect(failed).toMatchObject([{ name: one.failing, phase: 'drain', outcome: 'failed' }]);
    expect(failed[0]?.error).toContain(one.probe.name);
  });
});

const FEATURES = [...new Map(HERE.filter(({ remove }) => remove).map((one) => [one.feature, one])).values()];

describe.each(FEATURES)('with $probe.name', ({ feature }) => {
  it('nothing is missing, and the shutdown completes', async () => {
    const { report, warnings } = await run(feature);

    expect(warnings).toEqual([]);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
    await running?.outcome?.();
  });
});
