import type { TimeOptions } from './given-options.js';

/** Returns the code that sets the options. */
export function optionsCode(options: TimeOptions): string {
  const entries = Object.entries(options).map(([name, ms]) => `${name}: ${withSeparators(ms)}`);
  return entries.length === 0
    ? 'GracefulShutdownModule'
    : `GracefulShutdownModule.forRoot({ ${entries.join(', ')} })`;
}

function withSeparators(ms: number): string {
  return String(ms).replace(/\B(?=(\d{3})+$)/g, '_');
}
