import { describe, expect, it } from '@jest/globals';
import { setUp } from '../core/coordinator-on-manual-clock.js';
import { NoopShutdownCoordinator } from '../../../src/testing/noop-shutdown-coordinator.js';
import type { ShutdownCoordinator } from '../../../src/core/shutdown-coordinator.js';

describe('NoopShutdownCoordinator', () => {
  it('never shuts down', async () => {
    const coordinator: ShutdownCoordinator = new NoopShutdownCoordinator();
    let calls = 0;
    const forget = coordinator.register({ name: 'store', release: () => void (calls += 1) });

    expect(coordinator.announce()).toBe(false);
    await coordinator.resume();
    const report = await coordinator.shutdown('now');
    forget();

    expect(report.status).toBe('completed');
    expect(calls).toBe(0);
    expect(coordinator).toMatchObject({ state: 'running', isShuttingDown: false, report: undefined });
    expect(coordinator.signal.aborted).toBe(false);
    expect(coordinator.progress()).toEqual(setUp().coordinator.progress());
  });

  it('reports in the shape of a real shutdown', async () => {
    const { coordinator } = setUp();
    const shape = (report: object): string[] => Object.keys(report).sort();

    expect(shape(await new NoopShutdownCoordinator().shutdown())).toEqual(
      shape(await coordinator.shutdown()),
    );
  });
});
