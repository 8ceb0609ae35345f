/** A fault that has a spec of its own. */
export interface TestedElsewhere {
  readonly what: string;
  readonly promise: string;
  /** Below `test/`. */
  readonly spec: string;
}

export const TESTED_ELSEWHERE: readonly TestedElsewhere[] = [
  {
    what: 'A signal at every stage of the bootstrap',
    promise: 'Ends it, without hooks on a half-built application; code 128 + the number of the signal',
    spec: 'process/bootstrap.spec.ts',
  },
  {
    what: 'The bootstrap fails, before or after a signal',
    promise: 'Nothing waits for it any longer',
    spec: 'process/bootstrap.spec.ts',
  },
  {
    what: 'A signal before the first line of the application runs',
    promise: 'Ends the process, with `nestjs-drain/early`',
    spec: 'process/early.spec.ts',
  },
  {
    what: 'SIGTERM or SIGINT again, within 250 ms and later',
    promise: 'The same key press; ignored and logged; or forces, with 130',
    spec: 'process/repeated-signal.spec.ts',
  },
  {
    what: 'A process that is PID 1',
    promise: 'Ends, with its code',
    spec: 'process/pid-1.unshare.spec.ts',
  },
  {
    what: 'A fatal error is the trigger, or the second of its kind',
    promise: 'Shuts down with reason `error`; or forces; code 1',
    spec: 'process/fatal-errors.spec.ts',
  },
  {
    what: 'Stdout is full, slow, or closed before the shutdown',
    promise: 'Neither ends nor holds up the shutdown, and is complete where it is read',
    spec: 'process/output.spec.ts',
  },
  {
    what: 'The options `exit` or `exitCode` throw',
    promise: 'The process ends with the code that it would have had',
    spec: 'process/exit-code.spec.ts',
  },
  {
    what: 'Several applications in one process, one of them slower',
    promise: 'The last one ends the process',
    spec: 'process/several-applications.spec.ts',
  },
  {
    what: 'Requests that are not HTTP, too large, or ambiguous',
    promise: 'Told off by Node, and hold up nothing',
    spec: 'unit/http/hostile-clients.spec.ts',
  },
  {
    what: 'Requests, uploads and upgrades that come too late',
    promise: 'Refused with 503 and the end of the connection',
    spec: 'unit/http/late-requests.spec.ts',
  },
  {
    what: 'Connections queued behind a blocked event loop',
    promise: 'All answered, once it is free again',
    spec: 'unit/http/drain.spec.ts',
  },
  {
    what: 'The event loop is blocked past the deadline in a loop, a regular expression, `Atomics.wait`, or for ever between microtasks',
    promise: 'Ends with 70, `exit` listeners included, and the stack of what blocks is printed',
    spec: 'process/watchdog.spec.ts',
  },
  {
    what: 'It is blocked in native code (`execSync`, `pbkdf2Sync`, a read), or an `exit` listener blocks, or `process.exit` does nothing',
    promise: 'Killed within 1.5 s of the deadline, and the output says why',
    spec: 'process/watchdog.spec.ts',
  },
  {
    what: 'It is blocked with a debugger, under `--permission`, beside loader hooks, in a bundle, or while nobody reads stderr',
    promise:
      'Ended or killed as well; with a debugger, or where no thread is permitted, a warning says that nothing watches',
    spec: 'process/watchdog-surroundings.spec.ts',
  },
];
