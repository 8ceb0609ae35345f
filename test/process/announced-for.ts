import { expect } from '@jest/globals';
import type { ShutdownReport } from 'nestjs-drain';
import type { Program } from '../support/process/program.js';

/** How long a program announced its shutdown, once it has ended as it should. */
export async function announcedForMs(program: Program): Promise<number | undefined> {
  expect(await program.exited).toMatchObject({ code: 0, signal: null });
  const { report } = (await program.event('report')) as unknown as { report: ShutdownReport };
  return report.phases.find(({ phase }) => phase === 'announce')?.durationMs;
}
