import { atMost } from '../util/at-most.js';
import { systemClock } from '../util/clock.js';
import { oneLine } from '../util/safe-text.js';

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

  /**
   * Waits up to `withinMs` milliseconds until all output is written: `process.exit` drops output that is still buffered,
   * and output that PM2 redirects to a file.
   */
  async flush(withinMs: number): Promise<void> {
    const pending = STREAMS.map((name) => process[name]).filter(mayBuffer);
    if (pending.length === 0) return;
    // Replacements of the method expect an encoding.
    const written = pending.map(
      (stream) => new Promise<void>((resolve) => stream.write('', 'utf8', () => resolve())),
    );
    await atMost(systemClock, withinMs, Promise.all(written));
  }
}

/** Prints a line to stderr where the log cannot be relied on. */
export function printAside(line: string): void {
  try {
    process.stderr.write(`nestjs-drain: ${oneLine(line)}\n`);
  } catch {
    // Other code has replaced the method, and it fails.
  }
}

function mayBuffer(stream: NodeJS.WriteStream): boolean {
  return stream.writableLength > 0 || Object.hasOwn(stream, 'write');
}

function ignore(): void {}
