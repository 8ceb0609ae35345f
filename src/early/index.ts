/**
 * Handles signals that arrive before the application does. Import it for its side effect, first in main.ts:
 * `import 'nestjs-drain/early'`.
 *
 * Until an application handles the signals, SIGTERM and SIGINT end the process at once with exit code 128 + n; without
 * this, PID 1 would ignore them. It removes its listeners afterwards.
 *
 * @module nestjs-drain/early
 */
import { EarlySignals } from '../process/early-signals.js';
import { processRegistry } from '../process/process-registry.js';

const registry = processRegistry();
registry.early ??= new EarlySignals((signal) =>
  [...registry.members].some((member) => member.handles(signal)),
);
