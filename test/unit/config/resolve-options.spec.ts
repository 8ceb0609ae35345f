import { describe, expect, it } from '@jest/globals';
import { readEnvironment, type Variables } from '../../../src/config/environment.js';
import { resolveOptions } from '../../../src/config/resolve-options.js';
import { announceDelayMs } from '../../../src/config/resolved-options.js';
import { resolve } from './resolve.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('defaults', () => {
  it('assume that docker stop kills after 10 s', () => {
    expect(resolve()).toMatchObject({
      gracePeriodMs: 8_000,
      announceDelayMs: 0,
      announceMaxMs: 0,
      releaseReserveMs: 1_600,
      drainTimeoutMs: Infinity,
    });
  });

  it('assume in Kubernetes that the pod has 30 s', () => {
    expect(resolve({}, IN_KUBERNETES)).toMatchObject({
      gracePeriodMs: 25_000,
      announceDelayMs: 5_000,
      announceMaxMs: 10_000,
      releaseReserveMs: 5_000,
      drainTimeoutMs: Infinity,
    });
  });

  it('derive the grace period from what the pod has, its preStop sleep and a margin of 2 s', () => {
    const variables = { ...IN_KUBERNETES, TERMINATION_GRACE_PERIOD_SECONDS: '60' };
    expect(resolve({}, variables).gracePeriodMs).toBe(58_000);
    expect(resolve({ preStopMs: 10_000 }, variables).gracePeriodMs).toBe(48_000);
    expect(resolve({ preStopMs: 10_000 }, IN_KUBERNETES).gracePeriodMs).toBe(18_000);
    expect(resolve({}, { TERMINATION_GRACE_PERIOD_SECONDS: '5000000' }).gracePeriodMs).toBe(2 ** 31 - 1);
  });

  it('shrink to 20 % of a short grace period', () => {
    expect(resolve({ gracePeriodMs: 10_000 }, IN_KUBERNETES)).toMatchObject({
      announceDelayMs: 2_000,
      announceMaxMs: 4_000,
      releaseReserveMs: 2_000,
    });
  });

  it('shrink further if the configured parts leave less', () => {
    expect(resolve({ drainTimeoutMs: 20_000 }, IN_KUBERNETES)).toMatchObject({
      announceDelayMs: 2_500,
      announceMaxMs: 2_500,
      releaseReserveMs: 2_500,
    });
    expect(resolve({ announceDelayMs: 24_000 }, IN_KUBERNETES)).toMatchObject({
      announceDelayMs: 24_000,
      announceMaxMs: 24_000,
      releaseReserveMs: 500,
    });
  });

  it('let announcing last twice its delay if the configured parts leave time', () => {
    const options = { gracePeriodMs: 10_000, announceDelayMs: 4_000, releaseReserveMs: 2_000 };
    expect(resolve({ gracePeriodMs: 20_000, announceDelayMs: 4_000 }).announceMaxMs).toBe(8_000);
    // Half of what is not reserved is for draining, where no time is set for that.
    expect(resolve(options).announceMaxMs).toBe(4_000);
    expect(resolve({ ...options, drainTimeoutMs: 2_000 }).announceMaxMs).toBe(6_000);
    expect(resolve({ ...options, drainTimeoutMs: 4_000 }).announceMaxMs).toBe(4_000);
  });

  it('extend the grace period if no limit of the platform is known', () => {
    expect(resolve({ announceDelayMs: 10_000 })).toMatchObject({
      gracePeriodMs: 12_500,
      releaseReserveMs: 1_250,
    });
  });

  it('announce only in an application with a listening server', () => {
    const options = resolve({}, IN_KUBERNETES);
    expect(announceDelayMs(options, true)).toBe(5_000);
    expect(announceDelayMs(options, false)).toBe(0);
  });

  it('keep an announce delay that was set, server or not', () => {
    const options = resolve({}, { GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: '1.5' });
    expect(announceDelayMs(options, true)).toBe(1_500);
    expect(announceDelayMs(options, false)).toBe(1_500);
  });
});

describe('precedence', () => {
  const variables = {
    ...IN_KUBERNETES,
    GRACEFUL_SHUTDOWN_TIMEOUT: '20',
    GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: '2.5',
    DRAIN_AUTH_KEY: 'the-key-of-the-environment',
  };

  it('is code, then environment, then default', () => {
    const fromEnvironment = resolve({}, variables);
    expect(fromEnvironment).toMatchObject({
      gracePeriodMs: 20_000,
      gracePeriodFrom: 'GRACEFUL_SHUTDOWN_TIMEOUT',
      announceDelayMs: 2_500,
    });
    expect(fromEnvironment.drainKey?.matches('the-key-of-the-environment')).toBe(true);

    const fromCode = resolve(
      { gracePeriodMs: 15_000, announceDelayMs: 0, drainAuthKey: 'the-key-of-the-code' },
      variables,
    );
    expect(fromCode).toMatchObject({
      gracePeriodMs: 15_000,
      gracePeriodFrom: 'gracePeriodMs',
      announceDelayMs: 0,
    });
    expect(fromCode.drainKey?.matches('the-key-of-the-code')).toBe(true);
    expect(fromCode.drainKey?.matches('the-key-of-the-environment')).toBe(false);
  });

  it('puts the stated grace period before the derived one', () => {
    const both = { GRACEFUL_SHUTDOWN_TIMEOUT: '20', TERMINATION_GRACE_PERIOD_SECONDS: '60' };
    expect(resolve({}, both).gracePeriodMs).toBe(20_000);
  });

  it('treats undefined in code and empty in the environment as not set', () => {
    const options = { gracePeriodMs: undefined, health: { readiness: undefined } } as object;
    expect(resolve(options, { GRACEFUL_SHUTDOWN_TIMEOUT: '20', DRAIN_AUTH_KEY: ' ' })).toMatchObject({
      gracePeriodMs: 20_000,
      drainKey: undefined,
      health: { readiness: '/readyz' },
    });
    expect(resolve(options, { GRACEFUL_SHUTDOWN_TIMEOUT: '' }).gracePeriodMs).toBe(8_000);
  });

  it('accepts numbers if a validation schema has converted the variables', () => {
    expect(resolve({}, { GRACEFUL_SHUTDOWN_TIMEOUT: 12.5 }).gracePeriodMs).toBe(12_500);
  });
});

describe('a worker of a cluster', () => {
  const inWorker = (options: GracefulShutdownOptions, variables: Variables = { NODE_ENV: 'production' }) =>
    resolveOptions(options, readEnvironment(variables, true));

  it('serves late requests unless it is told not to, and leaves its port before they are late', () => {
    expect(inWorker({})).toMatchObject({ lateRequests: 'serve', stopListeningAt: 'quiesce' });
    expect(inWorker({ lateRequests: 'reject' }).lateRequests).toBe('reject');
    expect(inWorker({}, IN_KUBERNETES).stopListeningAt).toBe('quiesce');
    expect(inWorker({}, {}).stopListeningAt).toBe('announce');
  });
});

describe('the listener', () => {
  it.each([
    ['nothing', {}, {}, 'announce'],
    ['NODE_ENV=development', {}, { NODE_ENV: 'development' }, 'announce'],
    ['NODE_ENV=production', {}, { NODE_ENV: 'production' }, 'drain'],
    ['Kubernetes', {}, IN_KUBERNETES, 'drain'],
    ['an announce delay', { announceDelayMs: 0 }, {}, 'drain'],
    ['an announce delay in the environment', {}, { GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: '1' }, 'drain'],
  ])('with %s, closes at the right time', (_, options, variables, expected) => {
    expect(resolve(options, variables).stopListeningAt).toBe(expected);
  });

  it('counts as in development only where NODE_ENV says exactly that', () => {
    const pathIn = (NODE_ENV: string, health: { shutdown?: string | false } = {}): unknown =>
      resolve({ health }, { NODE_ENV }).health.shutdown;
    expect(pathIn('development')).toBe('/_internal/shutdown');
    expect(pathIn('dev')).toBe(false);
    expect(resolve().health.shutdown).toBe(false);
    expect(pathIn('development', { shutdown: false })).toBe(false);
    expect(pathIn('production', { shutdown: '/ops/stop' })).toBe('/ops/stop');
  });
});

describe('the resolved options', () => {
  it('are complete if only a part of a group was set', () => {
    const options = resolve({
      lateResponse: { code: 'GONE' },
      health: { readiness: '/ready', liveness: false },
    });
    expect(options.lateResponse).toEqual({
      code: 'GONE',
      message: 'The server is shutting down',
      retryAfterSeconds: 1,
    });
    expect(options.health).toMatchObject({ readiness: '/ready', liveness: false, drain: '/drain' });
    expect(resolve({ management: { port: 9_000 } }).management).toEqual({ port: 9_000, host: '127.0.0.1' });
    expect(resolve({ report: { file: '/r.json' } }).report).toEqual({
      file: '/r.json',
      terminationLog: false,
      isTerminationLogSet: false,
      callback: undefined,
    });
  });

  it('are deeply frozen; the caller’s objects are not', () => {
    const given = {
      signals: ['SIGTERM'],
      health: { readinessPaths: ['/a'] },
      management: { port: 0 },
      report: { file: '/r.json' },
    } satisfies GracefulShutdownOptions;
    const options = resolve(given);
    const { signals, health, management, report } = options;
    for (const part of [options, signals, health, health.readinessPaths, management, report]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    for (const part of [given, ...Object.values(given), given.health.readinessPaths]) {
      expect(Object.isFrozen(part)).toBe(false);
    }
  });

  it('allow tasks that take minutes, days or the longest timer of Node', () => {
    for (const gracePeriodMs of [600_000, 2 ** 31 - 1]) {
      expect(resolve({ gracePeriodMs }, IN_KUBERNETES)).toMatchObject({
        gracePeriodMs,
        announceDelayMs: 5_000,
        releaseReserveMs: 5_000,
      });
    }
  });
});
