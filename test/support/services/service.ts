import { Server } from './server.js';

/** A service of one's own, which can stop, start again, and freeze. */
export abstract class Service implements AsyncDisposable {
  protected readonly server = new Server();
  /** What ends it in good order. */
  protected readonly stopSignal: NodeJS.Signals = 'SIGTERM';

  get isRunning(): boolean {
    return this.server.isRunning;
  }

  /** Starts it on its port; returns when it is ready. */
  abstract start(): Promise<void>;

  /** Ends every connection, and stops. */
  async stop(): Promise<void> {
    await this.server.stop(this.stopSignal);
  }

  /** Stops answering, with every connection open. */
  freeze(): void {
    this.server.freeze();
  }

  thaw(): void {
    this.server.thaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
