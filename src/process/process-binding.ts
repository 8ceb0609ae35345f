import { messageOf } from '../core/errors.js';
import { exitCodeFor, signalExitCode } from './exit-code.js';
import { FatalErrors } from './fatal-errors.js';
import { EXIT_OF_PROCESS } from './process-probes.js';
import { processRegistry } from './process-registry.js';
import { SignalTrigger } from './signal-trigger.js';
import { StandardOutput } from './standard-output.js';
import { Watchdog } from './watchdog.js';
import { deferred } from '../util/deferred.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { NestSignalObserver } from './nest-signal-listeners.js';
import type { ProcessMember } from './process-registry.js';

/** What an application tells about itself. */
export interface ProcessBindingDependencies {
  readonly coordinator: PhasedCoordinator;
  readonly clock: Clock;
  readonly probes: ProbeCheck;
  readonly options: ResolvedOptions;
  readonly logger: ShutdownLogger;
  /** How long a shutdown by signal announces, as things stand; milliseconds. */
  announceDelayMs(this: void): number;
  /** Whether the application has started, and well. */
  isBootstrapped(this: void): boolean;
}

/** The longest that the exit waits for whoever reads stdout and stderr, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/** What one application and its process have to do with each other: the signals, the exit and its code. */
export class ProcessBinding {
  readonly #dependencies: ProcessBindingDependencies;
  readonly #signals: SignalTrigger;
  readonly #output = new StandardOutput();
  readonly #exitCode = deferred<number>();
  /** Settles with the exit code when a signal ends all waiting. */
  readonly #forced = deferred<number>();
  readonly #member: ProcessMember;
  readonly #nestSignals: NestSignalObserver;
  /** The exit code that is clear before the report is: of whatever forces, or ends the bootstrap. */
  #earlyExitCode: number | undefined;
  #isOwner = false;
  #isAttached = false;
  readonly #fatalErrors: FatalErrors | undefined;
  readonly #watchdog: Watchdog | undefined;

  constructor(dependencies: ProcessBindingDependencies) {
    const { coordinator, clock, probes, logger, announceDelayMs } = dependencies;
    this.#dependencies = dependencies;
    const signals = new SignalTrigger({
      coordinator,
      clock,
      probes,
      announceDelayMs,
      onIgnored: (what) => logger.log(`${what} again: already shutting down`),
      onForced: this.#onForced,
    });
    this.#signals = signals;
    this.#nestSignals = {
      onAdded: (signal) => signals.listen(signal),
      onRemoved: (signal) => signals.unlisten(signal),
    };
    this.#member = {
      get isTerminating() {
        return coordinator.terminatingReason !== undefined;
      },
      get remainingMs() {
        return coordinator.progress().remainingMs ?? 0;
      },
      exitCode: this.#exitCode.promise,
      handles: (signal) => signals.listensTo(signal),
    };
    if (dependencies.options.onFatalError) {
      this.#fatalErrors = new FatalErrors({ coordinator, logger, onForced: () => this.#onForced(1) });
    }
    const { watchdog, forceAfterTimeout, exit } = dependencies.options;
    if (watchdog !== false && forceAfterTimeout && exit !== false) {
      probes.check(EXIT_OF_PROCESS, process);
      this.#watchdog = new Watchdog({ warn: (message) => logger.warn(message) });
    }
    coordinator.observe((event) => {
      if (event.type === 'terminating') this.#onTerminating();
      // Whoever joins may be the first to ask for the exit.
      if (event.type === 'terminating' || event.type === 'joined') this.#watch();
    });
  }

  /** Whether it has been said which signals shut the application down. */
  get isWired(): boolean {
    return this.#isOwner || this.#signals.isListening;
  }

  /** Whether somebody who is not known here listens to SIGTERM. */
  get isLeftToOthers(): boolean {
    return !this.isWired && process.listenerCount('SIGTERM') > 0;
  }

  /**
   * Takes part in the life of the process from now on, and follows the signals that Nest listens to; more than once is the
   * same as once, and nothing happens when the shutdown is over.
   *
   * Not from the beginning: where an application cannot be created, nobody would be there to let go of the process.
   */
  attach(): void {
    if (this.#isAttached || this.#dependencies.coordinator.report) return;
    this.#isAttached = true;
    processRegistry().members.add(this.#member);
    this.#fatalErrors?.attach();
    if (!this.#isOwner) processRegistry().nestSignals.subscribe(this.#nestSignals);
  }

  /** Takes over the signals, unless the shutdown is over. */
  own(): void {
    if (this.#dependencies.coordinator.report) return;
    this.#isOwner = true;
    this.attach();
    processRegistry().nestSignals.unsubscribe(this.#nestSignals);
    for (const signal of this.#dependencies.options.signals) this.#signals.listen(signal);
  }

  /** To be called when the application has started: who listens to signals now is who will. */
  onBootstrapped(): void {
    processRegistry().early?.dispose();
    if (this.#dependencies.options.watchdog === 'at-boot') this.#watchdog?.prepare();
  }

  /** Ends the process, if that was asked for; else lets go of it. Never rejects. */
  async end(report: ShutdownReport): Promise<void> {
    const { coordinator, options } = this.#dependencies;
    this.#exitCode.resolve(this.#exitCodeFor(report));
    if (coordinator.exitRequested && options.exit !== false) await this.#exit(report);
    this.dispose();
  }

  /** Lets go of the process: nothing is heard of it any more. */
  dispose(): void {
    this.#isAttached = false;
    processRegistry().members.delete(this.#member);
    processRegistry().nestSignals.unsubscribe(this.#nestSignals);
    process.removeListener('exit', this.#onExit);
    this.#watchdog?.cancel();
    this.#fatalErrors?.dispose();
    this.#signals.dispose();
    this.#output.unprotect();
  }

  #onTerminating(): void {
    const { coordinator, isBootstrapped } = this.#dependencies;
    // Whatever comes first: the trigger, the owner or the first hook.
    this.attach();
    this.#output.protect();
    process.on('exit', this.#onExit);
    if (isBootstrapped() || coordinator.terminatingReason?.kind !== 'signal') return;
    this.#earlyExitCode = signalExitCode(
      (coordinator.terminatingReason.signal ?? 'SIGTERM') as NodeJS.Signals,
    );
  }

  #watch(): void {
    if (this.#dependencies.coordinator.exitRequested) this.#watchdog?.start(this.#member.remainingMs);
  }

  readonly #onForced = (exitCode: number): void => {
    this.#earlyExitCode = exitCode;
    this.#forced.resolve(exitCode);
  };

  /** Somebody else ends the process in the middle of the shutdown: this is the last chance to tell of it. */
  readonly #onExit = (code: number): void =>
    this.#dependencies.coordinator.interrupt(`process.exit(${code})`);

  /** Exits after the other applications that are shutting down; the first code that is not 0 counts. */
  async #exit(report: ShutdownReport): Promise<void> {
    const { options, logger } = this.#dependencies;
    const members = [...processRegistry().members].filter(({ isTerminating }) => isTerminating);
    // Who is last ends the process, by a deadline of its own.
    if (members.length > 1) this.#watchdog?.start(Math.max(...members.map(({ remainingMs }) => remainingMs)));
    const codes = await Promise.race([
      Promise.all(members.map(({ exitCode }) => exitCode)),
      this.#forced.promise.then((code) => [code]),
    ]);
    const code = codes.find((candidate) => candidate !== 0) ?? 0;
    await this.#output.flush(Math.min(LAST_WORDS_MS, report.remainingMs));
    try {
      if (typeof options.exit === 'function') await options.exit(code);
      else process.exit(code);
    } catch (error) {
      logger.error(`the option exit failed, so process.exit(${code}) it is: ${messageOf(error)}`);
      process.exit(code);
    }
  }

  #exitCodeFor(report: ShutdownReport): number {
    const { options, logger } = this.#dependencies;
    const byReport = exitCodeFor(report);
    const byDefault = this.#earlyExitCode ?? (this.#fatalErrors?.haveOccurred ? byReport || 1 : byReport);
    try {
      const chosen = options.exitCode?.(report) ?? byDefault;
      if (Number.isInteger(chosen) && chosen >= 0 && chosen <= 255) return chosen;
      logger.error(
        `the option exitCode gave ${String(chosen)}, not a number from 0 to 255: it is ${byDefault}`,
      );
    } catch (error) {
      logger.error(`the option exitCode failed, so it is ${byDefault}: ${messageOf(error)}`);
    }
    return byDefault;
  }
}
