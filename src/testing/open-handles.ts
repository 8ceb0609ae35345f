import { createHook, executionAsyncId } from 'node:async_hooks';
import { stackOf, withPlainStacks } from '../util/stack.js';

/** What keeps a process alive, by the names that async_hooks has for it. */
const KEEPING_ALIVE: ReadonlySet<string> = new Set([
  'FSEVENTWRAP',
  'MESSAGEPORT',
  'PIPESERVERWRAP',
  'PIPEWRAP',
  'PROCESSWRAP',
  'STATWATCHER',
  'TCPSERVERWRAP',
  'TCPWRAP',
  'TTYWRAP',
  'Timeout',
  'UDPWRAP',
  'WORKER',
]);

interface Handle {
  readonly kind: string;
  readonly resource: { hasRef?(): boolean };
  readonly place: string;
}

/** Handles that are opened from now on, with the places where that is done. */
export class OpenHandles {
  readonly #handles = new Map<number, Handle>();
  /** Where whatever else is under way was begun: a server is opened in a later turn than `listen()` is called in. */
  readonly #origins = new Map<number, Error>();
  readonly #hook = createHook({
    init: (id, kind, _trigger, resource) => {
      if (kind === 'PROMISE') return;
      const origin = new Error('where is this opened?');
      if (!KEEPING_ALIVE.has(kind)) {
        this.#origins.set(id, origin);
        return;
      }
      // Opened with their first use, they are the process's own.
      if (/createWritableStdioStream|getStdin/.test(plainStack())) return;
      const place =
        placeIn(origin) ?? placeIn(this.#origins.get(executionAsyncId())) ?? 'at an unknown place';
      this.#handles.set(id, { kind, resource, place });
    },
    destroy: (id) => {
      this.#handles.delete(id);
      this.#origins.delete(id);
    },
  }).enable();

  /** Those that are open, and would keep the process alive: what each is, and where it was opened. */
  describe(): string[] {
    return [...this.#handles.values()]
      .filter(({ resource }) => resource.hasRef?.() !== false)
      .map(({ kind, place }) => `${kind}, opened ${place}`);
  }

  dispose(): void {
    this.#hook.disable();
  }
}

/** The innermost frame that is neither Node's, nor of this file, nor of a package if there is another. */
function placeIn(origin: Error | undefined): string | undefined {
  const frames = ((origin && stackOf(origin)) ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node:|[\\/]open-handles\.[jt]s/.test(line))
    .map((line) => line.trim());
  return frames.find((frame) => !/[\\/]node_modules[\\/]/.test(frame)) ?? frames[0];
}

function plainStack(): string {
  return withPlainStacks(() => stackOf(new Error('where is this opened?'))) ?? '';
}
