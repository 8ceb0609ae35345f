import { describe, expect, it } from '@jest/globals';
import { problemsOf, resolve } from './resolve.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('wrong options', () => {
  it('are listed in one error, each with its value, the reason and the fix', () => {
    const options = { gracePeriodMs: -1, hooks: 'last', lateResponse: { retryAfterSeconds: 0.5 } };
    expect(() => resolve(options as unknown as GracefulShutdownOptions, { GRACEFUL_SHUTDOWN_TIMEOUT: '25h' }))
      .toThrowErrorMatchingInlineSnapshot(`
      "invalid nestjs-drain options (4 problems):
        - GRACEFUL_SHUTDOWN_TIMEOUT is "25h", not a number of seconds: use seconds, such as 25 or 2.5, up to 2147483
        - gracePeriodMs is -1, not a number of milliseconds above 0, up to 2147483647: use a number of milliseconds, or a unit: '25s'
        - hooks is "last", not 'drain-first' or 'native': use 'drain-first' or 'native'
        - lateResponse.retryAfterSeconds is 0.5, not a whole number of seconds: use whole seconds, such as 1"
    `);
  });

  it.each<[object, string]>([
    [{ gracePeriodMs: 0 }, 'gracePeriodMs is 0'],
    [{ gracePeriodMs: '25000' }, 'gracePeriodMs is "25000"'],
    [{ gracePeriodMs: '25 s' }, 'gracePeriodMs is "25 s"'],
    [{ gracePeriodMs: '0s' }, 'gracePeriodMs is 0'],
    [{ quietPeriodMs: '-1s' }, 'quietPeriodMs is "-1s"'],
    [{ gracePeriodMs: '25d' }, 'gracePeriodMs is "25d"'],
    [{ gracePeriodMs: NaN }, 'gracePeriodMs is NaN'],
    [{ gracePeriodMs: Infinity }, 'gracePeriodMs is Infinity'],
    [{ gracePeriodMs: 2 ** 31 }, 'gracePeriodMs is 2147483648'],
    [{ preStopMs: -1 }, 'preStopMs is -1'],
    [{ announceDelayMs: null }, 'announceDelayMs is null'],
    [{ quietPeriodMs: true }, 'quietPeriodMs is true'],
    [{ reconnectWindowMs: -0.5 }, 'reconnectWindowMs is -0.5'],
    [{ releaseReserveMs: {} }, 'releaseReserveMs is {}'],
    [{ drainTimeoutMs: -1 }, 'drainTimeoutMs is -1'],
    [{ participantTimeoutMs: 0 }, 'participantTimeoutMs is 0'],
    [{ forceAfterTimeout: 'no' }, 'forceAfterTimeout is "no"'],
    [{ raiseOnError: 1 }, 'raiseOnError is 1'],
    [{ onFatalError: 'shutdown' }, 'onFatalError is "shutdown"'],
    [{ minClientBytesPerSecond: -1 }, 'minClientBytesPerSecond is -1'],
    [{ minClientBytesPerSecond: NaN }, 'minClientBytesPerSecond is NaN'],
    [{ minClientBytesPerSecond: Infinity }, 'minClientBytesPerSecond is Infinity'],
    [{ minClientBytesPerSecond: '1000' }, 'minClientBytesPerSecond is "1000"'],
    [{ lateRequests: 'drop' }, 'lateRequests is "drop"'],
    [{ webSocketCloseCode: 1000 }, 'webSocketCloseCode is 1000'],
    [{ lateResponse: 'no' }, 'lateResponse is "no"'],
    [{ lateResponse: { code: '' } }, 'lateResponse.code is ""'],
    [{ lateResponse: { message: 503 } }, 'lateResponse.message is 503'],
    [{ lateResponse: { retryAfterSeconds: -1 } }, 'lateResponse.retryAfterSeconds is -1'],
    [{ exemptRoutes: '/metrics' }, 'exemptRoutes is "/metrics"'],
    [{ exemptRoutes: ['metrics', '/a*b', '/ok'] }, 'exemptRoutes contains "metrics", "/a*b"'],
    [{ eventStreams: '/mcp' }, 'eventStreams is "/mcp"'],
    [{ signals: ['SIGKILL', 'SIGTERM', 'TERM', 9] }, 'signals contains "SIGKILL", "TERM", 9'],
    [{ watchdog: 'on' }, 'watchdog is "on"'],
    [{ exit: 'yes' }, 'exit is "yes"'],
    [{ exitCode: 3 }, 'exitCode is 3'],
    [{ hooks: 'nest' }, 'hooks is "nest"'],
    [{ health: [] }, 'health is []'],
    [{ health: { readiness: 'readyz' } }, 'health.readiness is "readyz"'],
    [{ health: { liveness: '/healthz/' } }, 'health.liveness is "/healthz/"'],
    [{ health: { drain: '/drain/:id' } }, 'health.drain is "/drain/:id"'],
    [{ health: { readinessPaths: ['/'] } }, 'health.readinessPaths contains "/"'],
    [{ health: { livenessPaths: [true] } }, 'health.livenessPaths contains true'],
    [{ health: { indicators: [{}] } }, 'health.indicators contains {}'],
    [{ logProgress: 'on' }, 'logProgress is "on"'],
    [{ management: 9_000 }, 'management is 9000'],
    [{ management: { port: -1 } }, 'management.port is -1'],
    [{ management: { port: 65_536 } }, 'management.port is 65536'],
    [{ management: { port: '9000' } }, 'management.port is "9000"'],
    [{ management: { host: '' } }, 'management.host is ""'],
    [{ report: '/report.json' }, 'report is "/report.json"'],
    [{ report: { file: '' } }, 'report.file is ""'],
    [{ report: { terminationLog: true } }, 'report.terminationLog is true'],
    [{ report: { callback: 'log' } }, 'report.callback is "log"'],
  ])('%j is rejected', (options, told) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`- ${told}, `);
  });

  it('are rejected for two routes on one path', () => {
    expect(problemsOf({ health: { liveness: '/readyz' } })).toEqual([
      "  - health.liveness is '/readyz', the same path as health.readiness: use a different path, or false",
    ]);
  });

  it('are rejected if they are not an object', () => {
    expect(problemsOf('production')).toEqual([
      '  - the options are "production", not an object: use an object',
    ]);
    expect(problemsOf(null)).toHaveLength(1);
  });

  it('are shown on one line and truncated', () => {
    const [problem] = problemsOf({ hooks: { a: 'x'.repeat(500), b: '\n' } });
    expect(problem).toMatch(/^ {2}- hooks is \{ a: 'x+\.\.\., not/);
  });
});

describe('wrong event streams', () => {
  it.each([
    [{ eventStreams: ['/mcp'] }, 'eventStreams[0] is "/mcp", not an object'],
    [{ eventStreams: [{ route: 'mcp', policy: 'end' }] }, 'eventStreams[0].route is "mcp", not a route'],
    [{ eventStreams: [{ policy: 'end' }] }, 'eventStreams[0].route is undefined'],
    [{ eventStreams: [{ route: '/mcp' }] }, 'eventStreams[0].policy is undefined'],
    [{ eventStreams: [{ route: '/mcp', policy: 'stop' }] }, 'eventStreams[0].policy is "stop"'],
    [{ eventStreams: [{ route: '/mcp', policy: 'finish', maxMs: -1 }] }, 'eventStreams[0].maxMs is -1'],
    [{ eventStreams: [{ route: '/mcp', policy: 'end', maxMs: 5 }] }, "applies to the policy 'finish' only"],
    [{ eventStreams: [{ route: '/mcp', policy: 'end', max: 5 }] }, 'did you mean maxMs?'],
    [
      {
        eventStreams: [
          { route: '/mcp', policy: 'end' },
          { route: '/mcp', policy: 'finish' },
        ],
      },
      'eventStreams[1] has no effect: eventStreams[0] has the same route',
    ],
  ])('%j are rejected', (options, told) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(told);
  });

  it('are all told at once', () => {
    const eventStreams = [{ route: 'mcp', policy: 'stop', maxMs: -1 }, { route: '/ok', policy: 'end' }, null];
    expect(problemsOf({ eventStreams })).toEqual([
      expect.stringContaining('eventStreams[0].route is "mcp"'),
      expect.stringContaining('eventStreams[0].policy is "stop"'),
      expect.stringContaining('eventStreams[0].maxMs is -1'),
      expect.stringContaining('eventStreams[2] is null'),
    ]);
  });
});

describe('unknown options', () => {
  it.each([
    [{ gracePeriod: 5 }, 'gracePeriod is not an option: did you mean gracePeriodMs?'],
    [{ drainauthkey: 'x' }, 'drainauthkey is not an option: did you mean drainAuthKey?'],
    [{ health: { readyness: '/r' } }, 'health.readyness is not an option: did you mean health.readiness?'],
    [
      { lateResponse: { retryAfter: 1 } },
      'lateResponse.retryAfter is not an option: did you mean lateResponse.retryAfterSeconds?',
    ],
    [
      { health: { xyz: 1 } },
      'health.xyz is not an option: known options are readiness, liveness, drain, shutdown, readinessPaths, livenessPaths, indicators',
    ],
    [{ management: { prot: 1 } }, 'management.prot is not an option: did you mean management.port?'],
    [
      { report: { onReport: 1 } },
      'report.onReport is not an option: known options are file, terminationLog, callback',
    ],
    [{ toString: 1 }, 'toString is not an option: known options are gracePeriodMs, preStopMs,'],
  ])('%j are rejected with a suggestion', (options, told) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(told);
  });
});

describe('wrong variables', () => {
  it.each([
    ['GRACEFUL_SHUTDOWN_TIMEOUT', '25 s', 'is "25 s", not a number of seconds'],
    ['GRACEFUL_SHUTDOWN_TIMEOUT', '-1', 'is "-1", not a number of seconds'],
    ['GRACEFUL_SHUTDOWN_TIMEOUT', '1e3', 'is "1e3", not a number of seconds'],
    ['GRACEFUL_SHUTDOWN_TIMEOUT', '0', 'is 0 s, which leaves no time to shut down'],
    ['GRACEFUL_SHUTDOWN_TIMEOUT', '2147484', 'is 2147484 s, which is too long'],
    ['GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY', 'none', 'is "none", not a number of seconds'],
    ['TERMINATION_GRACE_PERIOD_SECONDS', '1h', 'is "1h", not a number of seconds'],
  ])('%s=%s is rejected', (name, value, told) => {
    const problems = problemsOf({}, { [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`- ${name} ${told}`);
  });
});

describe('a drain key', () => {
  const secret = 'abc-SECRET-def';

  it.each([
    ['too short', secret, `has only ${secret.length} characters`],
    ['with a space', `${secret} ${secret}`, 'contains characters that an Authorization header cannot carry'],
    ['beyond ASCII', `${secret}${secret}é`, 'contains characters that an Authorization header cannot carry'],
  ])('%s is rejected without being shown', (_, key, told) => {
    const problems = [...problemsOf({ drainAuthKey: key }), ...problemsOf({}, { DRAIN_AUTH_KEY: key })];
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain(`- drainAuthKey ${told}`);
    expect(problems[1]).toContain(`- DRAIN_AUTH_KEY ${told}`);
    expect(problems.join()).not.toContain('SECRET');
  });

  it('is not shown if it is not a string or in the wrong place', () => {
    const problems = [
      ...problemsOf({ drainAuthKey: { key: secret } }),
      ...problemsOf({ drainKey: secret }),
      ...problemsOf({ health: { drainAuthKey: secret } }),
    ];
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('SECRET');
  });
});

describe('a budget that does not fit', () => {
  it('is reported with its sum', () => {
    expect(problemsOf({ announceDelayMs: 10_000, drainTimeoutMs: 20_000 }, IN_KUBERNETES)).toEqual([
      '  - announceDelayMs, drainTimeoutMs do not fit into the grace period of 25000 ms (default): ' +
        'announceDelayMs 10000 + drainTimeoutMs 20000 = 30000, 5000 ms too long: ' +
        'shorten them, or raise the grace period above 30000 ms',
    ]);
    expect(problemsOf({ gracePeriodMs: 1_000 }, { GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY: '1' })).toEqual([
      '  - GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY does not fit into the grace period of 1000 ms (gracePeriodMs): ' +
        'GRACEFUL_SHUTDOWN_ANNOUNCE_DELAY 1000 = 1000, which leaves no time for the other phases: ' +
        'shorten it, or raise the grace period above 1000 ms',
    ]);
  });

  it('counts the announce delay, not the extra time for the quiet period', () => {
    const options = { gracePeriodMs: 10_000, announceDelayMs: 8_000, quietPeriodMs: 5_000 };
    expect(problemsOf({ ...options, releaseReserveMs: 1_000 })).toEqual([]);
    expect(problemsOf({ ...options, releaseReserveMs: 3_000 })).toEqual([
      expect.stringContaining('announceDelayMs 8000 + releaseReserveMs 3000 = 11000, 1000 ms too long'),
    ]);
  });

  it('may use every millisecond if all parts are set', () => {
    const options = { gracePeriodMs: 10_000, announceDelayMs: 2_000, drainTimeoutMs: 6_000 };
    expect(problemsOf({ ...options, releaseReserveMs: 2_000 })).toEqual([]);
    expect(problemsOf({ ...options, releaseReserveMs: 2_001 })).toHaveLength(1);
  });

  it('is checked against the grace period of the pod', () => {
    const variables = { GRACEFUL_SHUTDOWN_TIMEOUT: '60', TERMINATION_GRACE_PERIOD_SECONDS: '30' };
    expect(problemsOf({ preStopMs: 5_000 }, variables)).toEqual([
      "  - GRACEFUL_SHUTDOWN_TIMEOUT does not fit into the pod's 30000 ms (TERMINATION_GRACE_PERIOD_SECONDS): " +
        '60000 + 5000 (preStopMs) + 2000 (margin) = 67000: ' +
        'raise terminationGracePeriodSeconds to 67, or lower the grace period to 23000 ms',
    ]);
    expect(problemsOf({ gracePeriodMs: 28_000 }, { TERMINATION_GRACE_PERIOD_SECONDS: '30' })).toEqual([]);
    expect(problemsOf({ gracePeriodMs: 500 }, { TERMINATION_GRACE_PERIOD_SECONDS: '2' })).toEqual([
      expect.stringMatching(
        /500 \+ 0 \(preStopMs\) \+ 2000 \(margin\) = 2500: raise terminationGracePeriodSeconds to 3$/,
      ),
    ]);
  });

  it('is reported if the pod leaves no time at all', () => {
    expect(problemsOf({}, { TERMINATION_GRACE_PERIOD_SECONDS: '2' })).toEqual([
      "  - TERMINATION_GRACE_PERIOD_SECONDS leaves no time to shut down in the pod's 2000 ms " +
        '(TERMINATION_GRACE_PERIOD_SECONDS): 2000 - 0 (preStopMs) - 2000 (margin) = 0: ' +
        'raise terminationGracePeriodSeconds',
    ]);
    expect(problemsOf({ preStopMs: 30_000 }, IN_KUBERNETES)).toEqual([
      expect.stringContaining('preStopMs leaves no time to shut down in the 30000 ms that Kubernetes grants'),
    ]);
  });

  it('is not checked with invalid numbers', () => {
    expect(problemsOf({ gracePeriodMs: 'long', drainTimeoutMs: 90_000 }, IN_KUBERNETES)).toHaveLength(1);
  });
});
