import { messageOf } from '../core/errors.js';
import { callerOf } from '../util/call-site.js';
import { stackOf, withPlainStacks, withStackLimit } from '../util/stack.js';
import { WATCHDOG_SOURCE_URL } from './watchdog-thread.js';

/** Where Node keeps `process.exit()`, as its stacks name it. */
const FILE_OF_EXIT = 'node:internal/process/per_thread';
/** Enough for tools that wrap `process.exit()` and `emit()`. */
const FRAMES = 30;

/** Finds out why the process exits. Watches without an effect on what Node does. */
export class ExitCause {
  #fatalError: string | undefined;
  #isEventLoopEmpty = false;

  attach(): void {
    process.on('uncaughtExceptionMonitor', this.#onFatalError);
    process.on('beforeExit', this.#onBeforeExit);
  }

  dispose(): void {
    process.removeListener('uncaughtExceptionMonitor', this.#onFatalError);
    process.removeListener('beforeExit', this.#onBeforeExit);
  }

  /** Describes the cause. Call it in a listener for `exit`, where the caller of `process.exit()` is on the stack. */
  describe(code: number): string {
    const caller = exitCaller();
    if (caller !== undefined) {
      const after = this.#fatalError === undefined ? '' : ` after an ${this.#fatalError}`;
      return `process.exit(${code}), called ${whereIs(caller)}${after}`;
    }
    if (this.#fatalError !== undefined) return `an ${this.#fatalError}`;
    return this.#isEventLoopEmpty ? 'an empty event loop' : `process.exit(${code})`;
  }

  readonly #onFatalError = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const kind = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception';
    this.#fatalError = `${kind}: ${messageOf(error)}`;
  };

  readonly #onBeforeExit = (): void => {
    this.#isEventLoopEmpty = true;
  };
}

function exitCaller(): string | undefined {
  // eslint-disable-next-line unbound-method
  return callerOf(process.exit) ?? callerOfReplacedExit();
}

/** For code that has kept Node's `process.exit()` from before other code replaced it. */
function callerOfReplacedExit(): string | undefined {
  const stack = withPlainStacks(() => withStackLimit(FRAMES, () => stackOf(new Error()))) ?? '';
  const frames = stack.split('\n').filter((line) => /^\s*at /.test(line));
  const exit = frames.findLastIndex((line) => line.includes(FILE_OF_EXIT));
  return exit < 0 ? undefined : frames[exit + 1]?.replace(/^\s*at /, '');
}

/** `by exit-hook at exit (/app/node_modules/exit-hook/index.js:31:11)` */
function whereIs(caller: string): string {
  if (caller.includes(WATCHDOG_SOURCE_URL)) return 'by the watchdog';
  const folders = [...caller.matchAll(/[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/g)];
  const packageName = folders.at(-1)?.[1];
  return packageName === undefined ? `at ${caller}` : `by ${packageName} at ${caller}`;
}
