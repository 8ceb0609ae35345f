import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  BackgroundTasks,
  ResourceRegistry,
  ServerRegistry,
  ShutdownCoordinator,
  ShutdownHealthIndicator,
  TrackTask,
} from 'nestjs-drain';
import {
  ControllableShutdownCoordinator,
  GracefulShutdownTestingModule,
  NoopShutdownCoordinator,
} from 'nestjs-drain/testing';
import type { ShutdownParticipant } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { outcomesOf } from '../nest/applications.js';

guardAgainstLeaks();

@Injectable()
class Exports {
  constructor(
    @Inject(BackgroundTasks) private readonly tasks: BackgroundTasks,
    @Inject(ShutdownCoordinator) readonly coordinator: ShutdownCoordinator,
  ) {
    coordinator.register({ name: 'exports', announce: () => undefined });
  }

  begin(work: Promise<void>): void {
    void this.tasks.run('export', () => work);
  }

  @TrackTask()
  async receive(work: Promise<void>): Promise<void> {
    await work;
  }
}

describe('GracefulShutdownTestingModule', () => {
  it('provides what GracefulShutdownModule does, and a coordinator that does nothing', async () => {
    const module = await Test.createTestingModule({
      imports: [GracefulShutdownTestingModule.forRoot()],
      providers: [Exports],
    }).compile();

    expect(module.get(Exports).coordinator).toBeInstanceOf(NoopShutdownCoordinator);
    module.get(Exports).begin(Promise.resolve());
    const resources = module.get(ResourceRegistry);
    resources.register('db', { close() {} });
    expect(() => resources.register('nothing', {})).toThrow('has no method that closes it');

    const server = createServer();
    expect(module.get(ServerRegistry).serve(server)).toBe(server);
    expect(() => module.get(ServerRegistry).serve(server)).toThrow('called twice');

    expect(module.get(ShutdownHealthIndicator).isHealthy()).toEqual({ shutdown: { status: 'up' } });

    await module.close();
  });

  it('has the background tasks take part in the shutdown of the given coordinator', async () => {
    const coordinator = new ControllableShutdownCoordinator();
    const module = await Test.createTestingModule({
      imports: [GracefulShutdownTestingModule.forRoot({ coordinator })],
      providers: [Exports],
    }).compile();
    const exports = module.get(Exports);
    module.get(ResourceRegistry).register('db', { close() {} });
    let finishWork = (): void => {};
    const work = new Promise<void>((resolve) => (finishWork = resolve));
    exports.begin(work);
    const received = exports.receive(work);

    await coordinator.beginDraining();
    const finished = coordinator.finish();
    expect(coordinator.progress()).toMatchObject({ state: 'drain', inFlight: 2 });
    expect(() => exports.begin(work)).toThrow('task export was refused');
    finishWork();

    const report = await finished;
    await received;
    expect(outcomesOf(report, 'background tasks')).toContain('drain: completed');
    expect(outcomesOf(report, 'db')).toEqual(['release: completed']);
    expect(outcomesOf(report, 'exports')).toEqual(['announce: completed']);
    await module.close();
  });

  it('has them follow a test double of the coordinator', async () => {
    const terminating = new AbortController();
    const registered: ShutdownParticipant[] = [];
    class Double extends NoopShutdownCoordinator {
      override readonly signal = terminating.signal;
      override register(participant?: ShutdownParticipant): () => void {
        if (participant) registered.push(participant);
        return () => {};
      }
    }
    const module = await Test.createTestingModule({
      imports: [GracefulShutdownTestingModule.forRoot({ coordinator: new Double() })],
      providers: [Exports],
    }).compile();

    expect(registered.map(({ name }) => name)).toContain('background tasks');
    terminating.abort();
    expect(() => module.get(Exports).begin(Promise.resolve())).toThrow('task export was refused');
    await module.close();
  });
});
