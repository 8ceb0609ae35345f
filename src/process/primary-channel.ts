import { clusterWorker } from '../config/cluster-worker.js';

/** The channel from a worker of a cluster to its primary process. */
export class PrimaryChannel {
  readonly #worker = clusterWorker();

  /**
   * Ignores errors until {@link unprotect}. If the primary ends before the shutdown is over, any later message to it, such
   * as that a server has closed, would crash this process.
   */
  protect(): void {
    this.#worker?.on('error', ignore);
  }

  unprotect(): void {
    this.#worker?.off('error', ignore);
  }
}

function ignore(): void {}
