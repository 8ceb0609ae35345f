import { ShutdownLog } from '../report/shutdown-log.js';
import { publishDiagnostics } from './diagnostics.js';
import { ProcessBinding } from './process-binding.js';
import { openHandles } from './open-handles.js';
import { ReportDelivery } from '../report/report-delivery.js';
import type { ShutdownReport } from '../core/report.js';
import type { LastLines } from '../report/last-lines.js';
import type { ProcessBindingDependencies } from './process-binding.js';

/** Connects the shutdown of one program to its environment: signals, exit, log, diagnostics channels, report delivery. */
export class ProgramShutdown {
  readonly process: ProcessBinding;
  /** Resolves when the report is delivered and everything is cleaned up; never, if the process exits. */
  readonly over: Promise<void>;

  readonly #delivery: ReportDelivery;
  readonly #lastLines: LastLines;

  /** @param cleanUp releases the remaining resources after the shutdown, if the process continues */
  constructor(binding: ProcessBindingDependencies, cleanUp: () => Promise<void>) {
    const { coordinator, clock, options, logger, probes } = binding;
    this.#lastLines = binding.lastLines;
    this.process = new ProcessBinding(binding);
    this.#delivery = new ReportDelivery({ options, clock, logger });
    this.over = coordinator.finished.then((report) => this.#finish(report, cleanUp));
    coordinator.observe(
      new ShutdownLog(coordinator, logger, clock, {
        logProgress: options.logProgress,
        openHandles: () => openHandles(probes),
      }).observe,
    );
    publishDiagnostics(coordinator);
    coordinator.observe(
      (event) => {
        if (event.type === 'finished') this.#delivery.deliver(event.report);
      },
      ['finished'],
    );
  }

  async #finish(report: ShutdownReport, cleanUp: () => Promise<void>): Promise<void> {
    await this.#delivery.settled;
    await this.#lastLines.end(report);
    await this.process.end(report);
    await cleanUp();
  }
}
