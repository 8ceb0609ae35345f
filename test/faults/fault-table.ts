import type { GracefulShutdownOptions, ShutdownReport } from 'nestjs-drain';

/** Where user code misbehaves: a participant's phase, or one of Nest's hooks. */
export const PLACES = [
  'announce',
  'quiesce',
  'drain',
  'release',
  'flush',
  'beforeApplicationShutdown',
  'onModuleDestroy',
  'onApplicationShutdown',
] as const;
export type Place = (typeof PLACES)[number];

export const PLATFORMS = ['express', 'fastify', 'context'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** How a shutdown ends, and what its report says. */
export interface Ending {
  readonly code: number;
  readonly status: ShutdownReport['status'];
  /** What became of the culprit; of a client's fault: nothing. */
  readonly culprit?: 'completed' | 'failed' | 'abandoned';
  /** How it begins. */
  readonly forcedBy?: string;
  /** In a few words, for the page. */
  readonly inWords: string;
}

/** User code that goes wrong in the middle of a shutdown. */
export interface Misbehaviour {
  readonly fault: string;
  /** What it does, for the page: "A participant or a hook …". */
  readonly what: string;
  readonly ends: (place: Place) => Ending;
  /** Default: everywhere. */
  readonly platform?: Platform;
  readonly options?: GracefulShutdownOptions;
  readonly message?: string;
  /** What the output must say, and must not. */
  readonly prints?: RegExp;
  readonly printsNot?: RegExp;
  /** What the report must count among what kept the process alive. */
  readonly leaves?: string;
}

/** A client that goes wrong while the server drains. */
export interface ClientFault {
  readonly fault: string;
  readonly what: string;
  readonly ends: Ending;
  /** What is cut, and named. */
  readonly cut?: { readonly kind: string; readonly name: string };
  /** Whether the server speaks TLS. */
  readonly tls?: boolean;
}

const unharmed: Ending = {
  code: 0,
  status: 'completed',
  culprit: 'completed',
  inWords: 'nothing is affected',
};

const failed: Ending = {
  code: 1,
  status: 'failed',
  culprit: 'failed',
  inWords: 'reported as failed, with its message',
};

const abandoned: Ending = {
  code: 1,
  status: 'failed',
  culprit: 'abandoned',
  inWords: 'abandoned at its timeout, or at the end of the drain, and named',
};

const forcedByDeadline: Ending = {
  code: 124,
  status: 'forced',
  culprit: 'abandoned',
  forcedBy: 'deadline',
  inWords: 'in release and flush overtaken by the others, and forced by the deadline',
};

const overtaken: Ending = {
  ...unharmed,
  inWords: 'in drain, release and flush waited for, as long as there is time',
};

/** Places that are waited for until the deadline; the others have an end of their own. */
const LAST_PLACES: readonly Place[] = ['release', 'flush', 'onModuleDestroy', 'onApplicationShutdown'];

const hangs = (place: Place): Ending => (LAST_PLACES.includes(place) ? forcedByDeadline : abandoned);

const interrupted = (code: number): Ending => ({
  code,
  status: 'interrupted',
  culprit: 'abandoned',
  forcedBy: `process.exit(${code}), called `,
  inWords: 'the process ends at once; the report is written, and names who was pending and who was skipped',
});

const blocked: Ending = {
  ...interrupted(70),
  inWords:
    'the watchdog prints what blocks it and ends the process; the report is written, and names who was pending and who was skipped',
};

const forcedBy = (by: string, code: number): Ending => ({
  code,
  status: 'forced',
  culprit: 'abandoned',
  forcedBy: by,
  inWords: 'forced: the report names who was pending and who was skipped',
});

const aSecondError = (ending: Ending): Ending => ({ ...ending, code: 1, inWords: 'everything runs; code 1' });

export const MISBEHAVIOURS: readonly Misbehaviour[] = [
  { fault: 'throws', what: 'throws', message: 'the culprit throws', ends: () => failed },
  { fault: 'rejects', what: 'rejects', message: 'the culprit rejects', ends: () => failed },
  {
    fault: 'throws what is no error',
    what: 'throws something that is not an `Error`',
    message: 'no error at all',
    ends: () => failed,
  },
  { fault: 'throws undefined', what: 'throws `undefined`', message: 'undefined', ends: () => failed },
  { fault: 'never settles', what: 'never settles', ends: hangs },
  {
    fault: 'takes longer than its share',
    what: 'takes longer than `participantTimeoutMs`, and ends before the deadline',
    ends: (place) => (place === 'announce' || place === 'quiesce' ? abandoned : overtaken),
  },
  {
    fault: 'rejects too late',
    what: 'rejects after it was abandoned',
    ends: hangs,
    prints: /it rejects now/,
    printsNot: /nobody waits for this/,
  },
  {
    fault: 'awaits shutdown()',
    what: 'awaits `coordinator.shutdown()`',
    ends: hangs,
    prints: /culprit.* called shutdown\(\) or close\(\) from inside the shutdown/i,
  },
  { fault: 'awaits app.close()', what: 'awaits `app.close()`', ends: hangs },
  {
    fault: 'lets the event loop run empty',
    what: 'awaits a promise that never settles, with nothing else that keeps the event loop alive',
    platform: 'context',
    ends: hangs,
  },
  {
    fault: 'blocks the event loop',
    what: 'blocks the event loop forever',
    ends: () => blocked,
    prints: /the event loop is blocked in\n(.+\n)*? +at .*blockTheEventLoop .*faulty\.ts:\d+/,
  },
  { fault: 'calls process.exit(3)', what: 'calls `process.exit(3)`', ends: () => interrupted(3) },
  {
    fault: 'lets an exception escape, with onFatalError',
    what: 'lets an exception escape into the event loop, with `onFatalError`',
    options: { onFatalError: true },
    ends: () => aSecondError(unharmed),
    prints: /fatal error: Error: nobody catches this/,
  },
  {
    fault: 'lets an exception escape',
    what: 'lets an exception escape into the event loop, without `onFatalError`',
    ends: () => ({ ...interrupted(1), forcedBy: 'an uncaught exception: nobody catches this' }),
    prints: /nobody catches this/,
  },
  {
    fault: 'leaves a rejection unhandled, with onFatalError',
    what: 'leaves a rejection unhandled, with `onFatalError`',
    options: { onFatalError: true },
    ends: () => aSecondError(unharmed),
    prints: /fatal error: Error: nobody handles this/,
  },
  { fault: 'breaks the logger', what: 'breaks the logger, so that every call throws', ends: () => unharmed },
  {
    fault: 'finds the reader of stdout gone',
    what: 'writes to stdout, whose reader is gone (EPIPE)',
    ends: () => unharmed,
    prints: /EPIPE|ERR_STREAM_DESTROYED/,
  },
  {
    fault: 'sets the clock forward',
    what: 'never settles, and the clock is set forward by an hour',
    ends: hangs,
  },
  { fault: 'sets the clock back', what: 'never settles, and the clock is set back by an hour', ends: hangs },
  {
    fault: 'sends 1000 SIGTERM',
    what: 'is hit by 1 000 SIGTERM',
    ends: () => unharmed,
    prints: /SIGTERM again: shutdown already in progress/,
  },
  {
    fault: 'sends SIGINT',
    what: 'never settles, and a SIGINT comes later than 250 ms after the trigger',
    ends: () => forcedBy('SIGINT again', 130),
  },
  {
    fault: 'leaves timers',
    what: 'leaves timers running',
    ends: () => unharmed,
    leaves: 'Timeout',
  },
  {
    fault: 'leaves a worker thread',
    what: 'leaves a worker thread running, which Node does not list among what keeps a process alive',
    ends: () => unharmed,
  },
  {
    fault: 'leaves a child process',
    what: 'leaves a child process running, which is not killed',
    ends: () => unharmed,
    leaves: 'ProcessWrap',
  },
];

const clean: Ending = { code: 0, status: 'completed', inWords: 'no loss: nothing is cut' };
const lossy: Ending = {
  code: 1,
  status: 'failed',
  inWords: 'cut at the end of the drain, named and counted',
};
const stalled: Ending = { ...lossy, inWords: 'cut when its budget is used up, named and counted' };

export const CLIENT_FAULTS: readonly ClientFault[] = [
  { fault: 'silent', what: 'connects and sends nothing', ends: clean },
  { fault: 'half-open', what: 'is idle and does not close when the server does', ends: clean },
  {
    fault: 'gone',
    what: 'resets its connection in the middle of a request whose handler never returns',
    ends: lossy,
    cut: { kind: 'handler', name: 'GET /held' },
  },
  { fault: 'partial headers', what: 'sends half of its headers', ends: clean },
  {
    fault: 'upgrade without a handler',
    what: 'asks for an upgrade that the server does not handle',
    ends: clean,
  },
  { fault: 'CONNECT', what: 'asks for a tunnel (CONNECT)', ends: clean },
  { fault: 'stalled handshake', what: 'stops in the middle of its TLS handshake', tls: true, ends: clean },
  { fault: 'slow reader', what: 'begins to read 16 MB only when the server drains', ends: clean },
  {
    fault: 'never reads',
    what: 'never reads its response of 16 MB',
    ends: stalled,
    cut: { kind: 'stalled request', name: 'GET /download' },
  },
  {
    fault: 'stalled upload',
    what: 'stops in the middle of an upload with a Content-Length',
    ends: stalled,
    cut: { kind: 'stalled request', name: 'POST /upload' },
  },
  {
    fault: 'stalled chunks',
    what: 'stops in the middle of a chunked upload',
    ends: stalled,
    cut: { kind: 'stalled request', name: 'POST /upload' },
  },
  {
    fault: 'Expect: 100-continue',
    what: 'is told to continue (`Expect: 100-continue`) and does not',
    ends: stalled,
    cut: { kind: 'stalled request', name: 'POST /upload' },
  },
  {
    fault: 'dripping upload',
    what: 'sends an upload byte by byte',
    ends: stalled,
    cut: { kind: 'stalled request', name: 'POST /upload' },
  },
  {
    fault: 'endless stream',
    what: 'reads a stream that does not end',
    ends: lossy,
    cut: { kind: 'request', name: 'GET /stream' },
  },
  {
    fault: 'upgraded',
    what: 'stays on an upgraded connection',
    ends: lossy,
    cut: { kind: 'socket', name: 'tunnel /socket (echo)' },
  },
];

/** Every fault meets every platform, and every place does: in turns. */
export function platformFor(row: Misbehaviour, place: Place): Platform {
  const turn = MISBEHAVIOURS.indexOf(row) + PLACES.indexOf(place);
  return row.platform ?? PLATFORMS[turn % PLATFORMS.length]!;
}

/** Which Nest it meets there: every fourth place that of Nest 11. */
export function versionFor(row: Misbehaviour, place: Place): 11 | 12 {
  return (MISBEHAVIOURS.indexOf(row) + PLACES.indexOf(place)) % 4 === 3 ? 11 : 12;
}
