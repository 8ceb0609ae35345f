import { setImmediate as immediate } from 'node:timers/promises';
import { messageOf } from '../core/errors.js';
import { exitCodeFor, exitCodeOfProcess, hasLost, signalExitCode } from './exit-code.js';
import { ExitCause } from './exit-cause.js';
import { FatalErrors } from './fatal-errors.js';
import { HandledSignals } from './handled-signals.js';
import { PrimaryChannel } from './primary-channel.js';
import { EXIT_OF_PROCESS } from './process-probes.js';
import { OtherListeners } from './other-listeners.js';
import { processRegistry } from './process-registry.js';
import { SignalTrigger } from './signal-trigger.js';
import { LastLines } from '../report/last-lines.js';
import { StandardOutput } from './standard-output.js';
import { Watchdog } from './watchdog.js';
import { deferred } from '../util/deferred.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ProcessMember } from './process-registry.js';

/** Dependencies of {@link ProcessBinding}. */
export interface ProcessBindingDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  readonly options: ResolvedOptions;
  readonly logger: ShutdownLogger;
  readonly lastLines: LastLines;
  /** Returns how long a shutdown by signal currently announces, in milliseconds. */
  announceDelayMs(this: void): number;
  /** Returns whether the application has started successfully. */
  isBootstrapped(this: void): boolean;
}

/** How long an iteration of the event loop takes at most in which a signal hardly arrives, in milliseconds. */
const QUICK_MS = 0.2;

/** Number of iterations after which a process that is always busy is not waited for. */
const MOST_ITERATIONS = 50;

/** Connects one application to its process: signals, exit and exit code. */
export class ProcessBinding {
  readonly #dependencies: ProcessBindingDependencies;
  readonly #trigger: SignalTrigger;
  readonly #signals: HandledSignals;
  readonly #exitCause = new ExitCause();
  readonly #otherListeners: OtherListeners;
  readonly #output = new StandardOutput();
  readonly #primary = new PrimaryChannel();
  readonly #exitCode = deferred<number>();
  /** Resolves with the exit code when a signal or fatal error ends all waiting. */
  readonly #forced = deferred<number>();
  readonly #member: ProcessMember;
  /** The exit code that is known before the report: of a forced shutdown, or of a signal during bootstrap. */
  #earlyExitCode: number | undefined;
  #isAttached = false;
  #hasEnded = false;
  readonly #fatalErrors: FatalErrors | undefined;
  readonly #watchdog: Watchdog | undefined;

  constructor(dependencies: ProcessBindingDependencies) {
    const { coordinator, clock, probes, logger, announceDelayMs } = dependencies;
    this.#dependencies = dependencies;
    const trigger = new SignalTrigger({
      coordinator,
      clock,
      probes,
      announceDelayMs,
      onIgnored: (what) => logger.log(`${what} again: shutdown already in progress`),
      onForced: this.#onForced,
    });
    this.#trigger = trigger;
    this.#signals = new HandledSignals(trigger, dependencies.options);
    this.#otherListeners = new OtherListeners(dependencies.options, logger);
    this.#member = {
      get isTerminating() {
        return coordinator.terminatingReason !== undefined;
      },
      get remainingMs() {
        return coordinator.remainingMs;
      },
      exitCode: this.#exitCode.promise,
      handles: (signal) => trigger.listensTo(signal),
    };
    if (dependencies.options.onFatalError) {
      this.#fatalErrors = new FatalErrors({ coordinator, logger, onForced: () => this.#onForced(1) });
    }
    const { watchdog, forceAfterTimeout, exit } = dependencies.options;
    if (watchdog !== false && forceAfterTimeout && exit !== false) {
      probes.check(EXIT_OF_PROCESS, process);
      this.#watchdog = new Watchdog({ warn: (message) => logger.warn(message) });
    }
    // Before all foreign code, which may block: observers, loggers, and what counts the work in flight.
    coordinator.observeFirst(
      (event) => {
        // A trigger that joins may be the first to request the exit.
        this.#watch();
        if (event.type === 'terminating') this.#onTerminating();
      },
      ['terminating', 'joined'],
    );
  }

  /** Whether this application handles any signals, or has taken them over. */
  get isWired(): boolean {
    return this.#signals.areOwned || this.#trigger.isListening;
  }

  /** The signals that trigger a shutdown. */
  get signals(): readonly NodeJS.Signals[] {
    return this.#trigger.signals;
  }

  /** Returns sentences for the line at boot: one for each listener that signals are left to. */
  notes(): string[] {
    return this.#signals.areOwned ? this.#otherListeners.notes() : [];
  }

  /** Whether only an unrecognised listener handles SIGTERM. */
  get isLeftToOthers(): boolean {
    return !this.isWired && process.listenerCount('SIGTERM') > 0;
  }

  /**
   * Attaches to the process and mirrors Nest's signal listeners. Idempotent; does nothing once the shutdown is over.
   *
   * The constructor does not do this: if creating the application failed, nothing would detach it again.
   */
  attach(): void {
    if (this.#isAttached || this.#dependencies.coordinator.report) return;
    this.#isAttached = true;
    processRegistry().members.add(this.#member);
    this.#fatalErrors?.attach();
    this.#signals.attach();
  }

  /** Takes over the signals, unless the shutdown is over. */
  own(): void {
    if (this.#dependencies.coordinator.report) return;
    this.attach();
    this.#signals.own();
  }

  /** Called when the application has started and all signal listeners are installed. */
  onBootstrapped(): void {
    processRegistry().early?.dispose();
    if (this.isWired) this.#otherListeners.warn();
    if (this.#dependencies.options.watchdog === 'at-boot') this.#watchdog?.prepare();
  }

  /** Exits the process if a trigger has requested it, otherwise detaches from it. Never rejects. */
  async end(report: ShutdownReport): Promise<void> {
    const { coordinator, options } = this.#dependencies;
    this.#exitCode.resolve(this.#exitCodeFor(report));
    if (!coordinator.exitRequested) await this.#untilSignalsAreHeard();
    const isToExit = coordinator.exitRequested && options.exit !== false;
    const mayGoOn = !isToExit || (await this.#exit(report));
    this.#hasEnded = true;
    this.#detach();
    // The runner of a test replaces process.exit() in order to go on.
    if (mayGoOn || options.inTests) this.#watchdog?.cancel();
  }

  /** Detaches from the process: removes all listeners and cancels the watchdog. */
  dispose(): void {
    this.#detach();
    this.#watchdog?.cancel();
  }

  #detach(): void {
    this.#isAttached = false;
    processRegistry().members.delete(this.#member);
    process.removeListener('exit', this.#onExit);
    this.#exitCause.dispose();
    this.#fatalErrors?.dispose();
    this.#signals.dispose();
    this.#output.unprotect();
    this.#primary.unprotect();
  }

  /** Waits for signals that have arrived, but that Node has not emitted yet: it would discard them without a listener. */
  async #untilSignalsAreHeard(): Promise<void> {
    const { clock } = this.#dependencies;
    await immediate();
    // An iteration of the event loop looks for them once. If it took long, one may have arrived afterwards.
    for (
      let iteration = 1, tookMs = Infinity;
      tookMs > QUICK_MS && iteration <= MOST_ITERATIONS;
      iteration += 1
    ) {
      const beganAt = clock.now();
      await immediate();
      tookMs = clock.now() - beganAt;
    }
  }

  #onTerminating(): void {
    const { coordinator, isBootstrapped } = this.#dependencies;
    // The trigger may precede the owner and the first hook.
    this.attach();
    this.#output.protect();
    this.#primary.protect();
    this.#exitCause.attach();
    process.on('exit', this.#onExit);
    // More may have been added since the application started.
    if (coordinator.terminatingReason?.kind === 'signal' && this.isWired) this.#otherListeners.warn();
    if (isBootstrapped() || coordinator.terminatingReason?.kind !== 'signal') return;
    this.#earlyExitCode = signalExitCode(
      (coordinator.terminatingReason.signal ?? 'SIGTERM') as NodeJS.Signals,
    );
  }

  #watch(): void {
    // Once the option `exit` has decided that the process goes on, a late trigger does not end it.
    if (this.#hasEnded || !this.#dependencies.coordinator.exitRequested) return;
    this.#watchdog?.start(this.#member.remainingMs);
  }

  readonly #onForced = (exitCode: number): void => {
    this.#earlyExitCode = exitCode;
    this.#forced.resolve(exitCode);
  };

  /** Other code exits the process during the shutdown; this is the last chance to report it. */
  readonly #onExit = (code: number): void => {
    const { coordinator, options, lastLines } = this.#dependencies;
    if (!coordinator.report) {
      coordinator.interrupt(this.#exitCause.describe(code));
      if (coordinator.report) lastLines.writeNow(coordinator.report);
    }
    const { report } = coordinator;
    // The runner of a test may exit while an application of its tests shuts down.
    if (code === 0 && report && hasLost(report) && !options.inTests) {
      process.exitCode = this.#exitCodeFor(report);
    }
  };

  /**
   * Exits once all applications that are shutting down have finished, with the first exit code that is not 0.
   *
   * @returns whether the option `exit` lets the process go on; `false` if `process.exit()` did not end it
   */
  async #exit(report: ShutdownReport): Promise<boolean> {
    const { options, logger } = this.#dependencies;
    const members = [...processRegistry().members].filter(({ isTerminating }) => isTerminating);
    // The application that finishes last exits the process, and may have a later deadline.
    if (members.length > 1) this.#watchdog?.start(Math.max(...members.map(({ remainingMs }) => remainingMs)));
    const codes = await Promise.race([
      Promise.all(members.map(({ exitCode }) => exitCode)),
      this.#forced.promise.then((code) => [code]),
    ]);
    const code = codes.find((candidate) => candidate !== 0) ?? 0;
    await Promise.all([
      this.#output.flush(LastLines.limitMs(report)),
      this.#dependencies.lastLines.written(report),
    ]);
    if (typeof options.exit === 'function') {
      try {
        await options.exit(code);
        return true;
      } catch (error) {
        logger.error(`exit failed; calling process.exit(${code}): ${messageOf(error)}`);
      }
    }
    this.#exitProcess(code);
    return false;
  }

  /** Returns only if other code has replaced `process.exit()`. */
  #exitProcess(code: number): void {
    const { logger } = this.#dependencies;
    try {
      process.exit(code);
    } catch (error) {
      logger.error(`process.exit(${code}) threw, and is called again: ${messageOf(error)}`);
      try {
        // If a listener for `exit` has thrown, Node exits without calling the others.
        process.exit(code);
      } catch {
        // The same error again: other code has replaced process.exit().
      }
    }
    logger.error(
      `process.exit(${code}) did not end the process, because other code has replaced it` +
        (this.#watchdog ? '; the watchdog ends the process after the deadline' : ''),
    );
  }

  #exitCodeFor(report: ShutdownReport): number {
    const { options, logger } = this.#dependencies;
    const byReport = exitCodeFor(report);
    const byDefault =
      this.#earlyExitCode ??
      (byReport || (this.#fatalErrors?.haveOccurred === true ? 1 : exitCodeOfProcess()));
    try {
      const chosen = options.exitCode?.(report) ?? byDefault;
      if (Number.isInteger(chosen) && chosen >= 0 && chosen <= 255) return chosen;
      logger.error(
        `exitCode returned ${String(chosen)}, not an integer from 0 to 255; exiting with ${byDefault}`,
      );
    } catch (error) {
      logger.error(`exitCode failed; exiting with ${byDefault}: ${messageOf(error)}`);
    }
    return byDefault;
  }
}
