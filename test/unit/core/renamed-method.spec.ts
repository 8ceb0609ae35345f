import { describe, expect, it } from '@jest/globals';
import { ControllableShutdownCoordinator } from '../../../src/testing/controllable-shutdown-coordinator.js';
import { NoopShutdownCoordinator } from '../../../src/testing/noop-shutdown-coordinator.js';
import { setUp } from './coordinator-on-manual-clock.js';
import type { ShutdownCoordinator } from '../../../src/core/shutdown-coordinator.js';

describe('drain(), as announce() was called', () => {
  it.each<[string, () => ShutdownCoordinator]>([
    ['the coordinator', () => setUp().coordinator],
    ['the one that a test controls', () => new ControllableShutdownCoordinator()],
    ['the one that does nothing', () => new NoopShutdownCoordinator()],
  ])('is an error of %s that names the method, and does nothing', (_which, create) => {
    const coordinator = create();
    const drain = (): unknown => (coordinator as unknown as { drain(message: string): unknown }).drain('now');

    expect(drain).toThrow(
      expect.objectContaining({
        code: 'SHUTDOWN_RENAMED',
        message: expect.stringMatching(/^coordinator\.drain\(\) was renamed: use /),
      }),
    );
    expect(coordinator.state).toBe('running');
    expect(Object.keys(coordinator)).not.toContain('drain');
  });
});
