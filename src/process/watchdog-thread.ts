/** Exit code of a process whose event loop is blocked past the deadline: EX_SOFTWARE in sysexits.h. */
export const BLOCKED_EXIT_CODE = 70;

/** Value of the cell when the watchdog is cancelled. */
export const CANCELLED = -1n;
/** Value of a new cell. */
const NO_DEADLINE = 0n;

/** How long the main thread may take to report its stack and exit, in milliseconds. */
const EXIT_WITHIN_MS = 1_000;
/** How long printing the reason may take before the process is killed, in milliseconds. */
const PRINT_WITHIN_MS = 200;

/** Source URL of the functions that run in the main thread. */
export const WATCHDOG_SOURCE_URL = 'nestjs-drain-watchdog';

/**
 * The program of the watchdog thread. It reads the deadline from the cell, in nanoseconds of `process.hrtime`.
 *
 * It is text, because a bundled application has no file to start it from, and because bundlers and coverage tools change
 * the source of functions. It waits neither for the main thread nor for the reader of stderr, which may be what blocks
 * the main thread.
 */
export const WATCHDOG_THREAD = String.raw`'use strict';
const { constants, openSync, write, writeSync } = require('node:fs');
const { cell, isInspectable } = require('node:worker_threads').workerData;
let stderr;

if (deadlinePasses()) endProcess();

function deadlinePasses() {
  for (;;) {
    const deadline = Atomics.load(cell, 0);
    if (deadline === ${CANCELLED}n) return false;
    const leftMs = deadline === ${NO_DEADLINE}n ? Infinity : Number(deadline - process.hrtime.bigint()) / 1e6;
    if (leftMs <= 0) return true;
    Atomics.wait(cell, 0, deadline, leftMs);
  }
}

function endProcess() {
  let obstacle = 'the event loop is blocked; no stack is available in native code such as execSync() or a large JSON.parse()';
  const killSaying = (what) => {
    setTimeout(kill, ${PRINT_WITHIN_MS});
    say(what + '. Killing the process.', kill);
  };
  setTimeout(() => killSaying(obstacle), ${EXIT_WITHIN_MS});

  let session;
  try {
    if (!isInspectable) throw new Error('node is not permitted to inspect');
    session = new (require('node:inspector').Session)();
    session.connectToMainThread();
  } catch ({ message }) {
    return killSaying('the event loop is blocked; no stack is available: ' + message);
  }
  runInMainThread(session, readStack, (stack) => {
    if (stack === undefined) {
      return killSaying('the event loop is blocked; no stack is available: this runtime does not inspect its main thread');
    }
    obstacle = "process.exit(${BLOCKED_EXIT_CODE}) is blocked by an 'exit' listener";
    say(whatBlocks(stack) + 'Ending the process with exit code ${BLOCKED_EXIT_CODE}.', () =>
      runInMainThread(session, exit, () => killSaying('process.exit(${BLOCKED_EXIT_CODE}) did not end the process')),
    );
  });
}

function runInMainThread(session, task, callback) {
  const expression = '(' + task + ')()\n//# sourceURL=${WATCHDOG_SOURCE_URL}';
  // A thrown error has no value, but a description with its stack.
  session.post('Runtime.evaluate', { expression }, (_error, { result } = {}) =>
    callback(result?.value ?? result?.description),
  );
}

function whatBlocks(stack) {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('${WATCHDOG_SOURCE_URL}'));
  if (frames.length > 0) return 'the event loop is blocked in\n' + frames.join('\n') + '\n';
  return stack.includes('${WATCHDOG_SOURCE_URL}')
    ? 'the process has not exited, although the event loop is not blocked. '
    : 'the event loop is blocked; no stack is available (' + stack + '). ';
}

function say(what, next) {
  stopIfCancelled();
  const text = '[GracefulShutdown] The deadline has passed, and ' + what + '\n';
  if (writeAtOnce(text)) next();
  else write(2, text, () => next());
}

// Fails for sockets, and on systems without this file.
function writeAtOnce(text) {
  try {
    stderr ??= openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
    writeSync(stderr, text);
    return true;
  } catch {
    return false;
  }
}

function kill() {
  stopIfCancelled();
  process.kill(process.pid, 'SIGKILL');
  // Still running: the kernel ignores signals that PID 1 sends itself, but not its faults. Threads have no process.abort().
  require('node:v8').setFlagsFromString('--allow-natives-syntax');
  require('node:vm').runInThisContext('%SystemBreak()');
}

function stopIfCancelled() {
  if (Atomics.load(cell, 0) === ${CANCELLED}n) process.exit();
}

// The functions below run in the main thread.

function readStack() {
  const read = () => String(new Error().stack);
  Error.stackTraceLimit = 20;
  try {
    const stack = read();
    if (/\n\s+at /.test(stack)) return stack;
  } catch {}
  Error.prepareStackTrace = undefined;
  return read();
}

function exit() {
  const { execPath, reallyExit } = process;
  process.reallyExit = (code) => {
    try {
      // Node would print that it is waiting for the debugger to disconnect, which is wrong here.
      const { closeSync, openSync } = process.getBuiltinModule('node:fs');
      closeSync(2);
      openSync(process.getBuiltinModule('node:os').devNull, 'w');
      // Node waits for its threads at exit, forever if one is stuck. A program that replaces it has none.
      process.execve(execPath, [execPath, '-e', 'process.exit(' + code + ')'], {});
    } catch {
      // Not supported by Node 20 and on Windows. Among the visible work, only these kinds can get stuck in a thread.
      const isStuck = process.getActiveResourcesInfo().some((kind) => /^(FSReq|GetAddrInfo|GetNameInfo)/.test(kind));
      if (!isStuck) reallyExit.call(process, code);
    }
  };
  try {
    process.exit(${BLOCKED_EXIT_CODE});
  } catch {
    // A listener for 'exit' has thrown.
  }
  // The application has replaced process.exit(), or a listener has thrown.
  process.reallyExit(${BLOCKED_EXIT_CODE});
}
`;
