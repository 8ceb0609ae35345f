import { requireTool } from '../../scripts/find-tools.mjs';
import { drainsOn } from './runtimes.js';

drainsOn('Deno', () => [requireTool('deno'), 'run', '--allow-all'], {
  prints:
    /the event loop is blocked; no stack is available: connectToMainThread not supported\. Killing the process\./,
  ends: { code: null, signal: 'SIGKILL' },
});
