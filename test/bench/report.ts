import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { median, quartiles } from './statistics.js';
import type { Figure } from './figure.js';

const PARTICIPANTS = 1_000;
const SHUTDOWNS = 15;
const PROMISED_MS = 10;

/** From the end of a shutdown with many participants to the report's being in its file, termination message included. */
export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const times: number[] = [];
  let bytes = 0;
  for (let shutdown = 0; shutdown < SHUTDOWNS; shutdown += 1) {
    const file = join(folder, 'report.json');
    times.push(await shutDown({ file, terminationLog: join(folder, 'termination-log') }));
    bytes = (await readFile(file)).length;
  }
  await rm(folder, { recursive: true });
  const [lower, upper] = quartiles(times).map((ms) => ms.toFixed(1));
  return [
    {
      what: `report of ${PARTICIPANTS} participants`,
      measured: `${median(times).toFixed(1)} ms (half of ${SHUTDOWNS} ${lower} to ${upper}) for ${bytes} bytes`,
      promised: `under ${PROMISED_MS} ms`,
      isKept: median(times) < PROMISED_MS,
    },
  ];
}

async function shutDown(files: { file: string; terminationLog: string }): Promise<number> {
  let flushedAt = 0;
  let writtenAt = 0;
  @Module({
    imports: [
      GracefulShutdownModule.forRoot({
        // It is called when the files are written.
        report: { ...files, callback: () => void (writtenAt = performance.now()) },
      }),
    ],
  })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const coordinator = app.get(ShutdownCoordinator);
  for (let index = 0; index < PARTICIPANTS; index += 1) {
    coordinator.register({ name: `participant ${index}`, drain: () => {} });
  }
  coordinator.observe((event) => {
    if (event.type === 'phase-left') flushedAt = performance.now();
  });
  await app.close();
  return writtenAt - flushedAt;
}
