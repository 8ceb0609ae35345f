import diagnostics from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ShutdownCoordinator } from '../../../src/core/shutdown-coordinator.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { publishDiagnostics } from '../../../src/process/diagnostics.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { setUp } from '../../unit/core/coordinator-on-manual-clock.js';
import type { ShutdownDiagnostics } from '../../../src/process/diagnostics.js';

@Module({ imports: [GracefulShutdownModule.forRoot({ exit: false })] })
class AppModule {}

const unsubscribe: (() => void)[] = [];

/** Collects what is published on a channel. */
function messagesOf<Name extends keyof ShutdownDiagnostics>(name: Name): ShutdownDiagnostics[Name][] {
  const messages: ShutdownDiagnostics[Name][] = [];
  const listener = (message: unknown): void => void messages.push(message as ShutdownDiagnostics[Name]);
  diagnostics.subscribe(name, listener);
  unsubscribe.push(() => diagnostics.unsubscribe(name, listener));
  return messages;
}

afterEach(() => {
  for (const stop of unsubscribe.splice(0)) stop();
});
guardAgainstLeaks();

describe('the channels of diagnostics_channel', () => {
  it('tell of phases, of participants and of the report, and whose they are', async () => {
    const phases = messagesOf('nestjs-drain:phase');
    const participants = messagesOf('nestjs-drain:participant');
    const reports = messagesOf('nestjs-drain:report');
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const coordinator = app.get(ShutdownCoordinator);
    coordinator.register({ name: 'jobs', drain: () => Promise.reject(new Error('gone')) });

    await app.close();

    expect(phases.map(({ type, phase }) => `${type} ${phase}`)).toEqual(
      ['announce', 'quiesce', 'drain', 'release', 'flush'].flatMap((phase) => [
        `phase-entered ${phase}`,
        `phase-left ${phase}`,
      ]),
    );
    expect(participants.filter(({ name }) => name === 'jobs')).toEqual([
      { type: 'participant-started', name: 'jobs', phase: 'drain', coordinator },
      expect.objectContaining({ type: 'participant-settled', outcome: 'failed', error: new Error('gone') }),
    ]);
    expect(reports).toEqual([{ coordinator, report: coordinator.report }]);
    expect([...phases, ...participants].every((message) => message.coordinator === coordinator)).toBe(true);
  });

  it('tell of a participant that was overtaken', async () => {
    const participants = messagesOf('nestjs-drain:participant');
    const { clock, coordinator } = setUp();
    publishDiagnostics(coordinator);
    const slow = {
      name: 'slow',
      release: () => new Promise<void>((resolve) => clock.setTimer(resolve, 7_000)),
    };
    coordinator.register(slow, { priority: 1, timeoutMs: 9_000 });
    coordinator.register({ name: 'next', release: () => {} });

    void coordinator.shutdown();
    await clock.advance(7_000);

    expect(participants.filter(({ name }) => name === 'slow')).toEqual([
      { type: 'participant-started', name: 'slow', phase: 'release', coordinator },
      { type: 'participant-overtaken', name: 'slow', phase: 'release', ageMs: 5_000, coordinator },
      expect.objectContaining({ type: 'participant-settled', outcome: 'completed', durationMs: 7_000 }),
    ]);
  });
});
