import { atMost } from '../util/at-most.js';
import { systemClock } from '../util/clock.js';

const STREAMS = ['stdout', 'stderr'] as const;

/** What goes to stdout and stderr during a shutdown: it must neither end the shutdown nor be lost at its end. */
export class StandardOutput {
  /** Lets a log line that nobody reads any more do no harm: without a listener, a broken pipe ends the process. */
  protect(): void {
    for (const name of STREAMS) process[name].on('error', ignore);
  }

  unprotect(): void {
    for (const name of STREAMS) process[name].removeListener('error', ignore);
  }

  /** Waits until everything is written, `withinMs` milliseconds at most: `process.exit` drops what a full pipe holds up. */
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
