import { createHook, executionAsyncId } from 'node:async_hooks';
import { stackOf, withPlainStacks } from '../util/stack.js';

/** The async_hooks types of handles that keep a process alive. */
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

/** Records the handles opened after its construction, each with the place where it was opened. */
export class OpenHandles {
  readonly #handles = new Map<number, Handle>();
  /** Origins of other async operations: a server is opened in a later tick than `listen()` is called in. */
  readonly #origins = new Map<number, Error>();
  readonly #hook = createHook({
    init: (id, kind, _trigger, resource) => {
      if (kind === 'PROMISE') return;
      const origin = new Error('where is this opened?');
      if (!KEEPING_ALIVE.has(kind)) {
        this.#origins.set(id, origin);
        return;
      }
      // The standard streams are opened on first use and belong to the process.
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

  /** Identifies the handles that are open now. */
  ids(): ReadonlySet<number> {
    return new Set(this.#handles.keys());
  }

  /**
   * Describes the open handles that would keep the process alive: the type of each, and where it was opened.
   *
   * @param among the handles to consider; default: all
   */
  describe(among: ReadonlySet<number> = this.ids()): string[] {
    return [...this.#handles]
      .filter(([id, { resource }]) => among.has(id) && resource.hasRef?.() !== false)
      .map(([, { kind, place }]) => `${kind}, opened ${place}`);
  }

  /** Stops recording. */
  dispose(): void {
    this.#hook.disable();
  }
}

/** Returns the innermost stack frame outside Node and this file; a frame of a package only if there is no other. */
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
