import { ShutdownLog } from '../report/shutdown-log.js';
import { publishDiagnostics } from './diagnostics.js';
import { ProcessBinding } from './process-binding.js';
import { ReportDelivery } from '../report/report-delivery.js';
import type { ShutdownReport } from '../core/report.js';
import type { ProcessBindingDependencies } from './process-binding.js';

/** What one program's shutdown has to do with the world outside: signals, exit, log, channels, and the report's delivery. */
export class ProgramShutdown {
  readonly process: ProcessBinding;
  /** Settles when the report has been delivered and nothing is left behind; never, when the process ends with it. */
  readonly over: Promise<void>;

  readonly #delivery: ReportDelivery;

  /** @param letGo gives up whatever is still held when the shutdown is over and the process goes on */
  constructor(binding: ProcessBindingDependencies, letGo: () => Promise<void>) {
    const { coordinator, clock, options, logger } = binding;
    this.process = new ProcessBinding(binding);
    this.#delivery = new ReportDelivery({ options, clock, logger });
    this.over = coordinator.finished.then((report) => this.#finish(report, letGo));
    coordinator.observe(new ShutdownLog(coordinator, logger, clock, options).observe);
    publishDiagnostics(coordinator);
    coordinator.observe((event) => {
      if (event.type === 'finished') this.#delivery.deliver(event.report);
    });
  }

  async #finish(report: ShutdownReport, letGo: () => Promise<void>): Promise<void> {
    await this.#delivery.settled;
    await this.process.end(report);
    await letGo();
  }
}
