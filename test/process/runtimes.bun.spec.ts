import { requireTool } from '../../scripts/find-tools.mjs';
import { drainsOn } from './runtimes.js';

drainsOn('Bun', () => [requireTool('bun')], {
  prints:
    /the event loop is blocked; no stack is available: this runtime does not inspect its main thread\. Killing the process\./,
  ends: { code: null, signal: 'SIGKILL' },
});
