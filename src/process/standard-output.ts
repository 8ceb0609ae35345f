import { atMost } from '../util/at-most.js';
import { systemClock } from '../util/clock.js';

const STREAMS = ['stdout', 'stderr'] as const;

/** Keeps output during a shutdown from ending the process, and from being lost at the exit. */
export class StandardOutput {
  /** Ignores errors of stdout and stderr: without a listener, a broken pipe would end the process. */
  protect(): void {
    for (const name of STREAMS) process[name].on('error', ignore);
  }

  unprotect(): void {
    for (const name of STREAMS) process[name].removeListener('error', ignore);
  }

  /** Waits up to `withinMs` milliseconds until all output is written: `process.exit` drops output that is still buffered. */
  async flush(withinMs: number): Promise<void> {
    const pending = STREAMS.map((name) => process[name]).filter(({ writableLength }) => writableLength > 0);
    if (pending.length === 0) return;
    const written = pending.map(
      (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
    );
    await atMost(systemClock, withinMs, Promise.all(written));
  }
}

function ignore(): void {}
