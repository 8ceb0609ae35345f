/**
 * To be imported for its effect, as the first thing in main.ts: `import 'nestjs-drain/early'`.
 *
 * Until an application handles the signals, SIGTERM and SIGINT end the process at once, with exit code 128 + n, which
 * they would not do as PID 1. Nothing is left of it afterwards.
 *
 * @module nestjs-drain/early
 */
import { EarlySignals } from '../process/early-signals.js';
import { processRegistry } from '../process/process-registry.js';

const registry = processRegistry();
registry.early ??= new EarlySignals((signal) =>
  [...registry.members].some((member) => member.handles(signal)),
);
