import { clusterWorker } from '../config/cluster-worker.js';

/** The channel from a worker of a cluster to its primary process. */
export class PrimaryChannel {
  readonly #worker = clusterWorker();

  /**
   * Ignores errors until {@link unprotect}. The primary may be gone before the shutdown is over: whatever is sent then,
   * such as that a server has closed, would crash this process.
   */
  protect(): void {
    this.#worker?.on('error', ignore);
  }

  unprotect(): void {
    this.#worker?.off('error', ignore);
  }
}

function ignore(): void {}
