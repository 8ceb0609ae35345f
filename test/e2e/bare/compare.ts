import { GracefulShutdownModule } from 'nestjs-drain';
import { Bench, type AdapterName, type Imports } from './bench.js';

/** Uses Nest in one way, and answers what it has seen. */
export type Situation = (bench: Bench) => Promise<unknown>;

/** Situations by name; the name of each begins a test. */
export type Situations = Readonly<Record<string, Situation>>;

/** What was seen of a situation. */
export interface Outcome {
  readonly seen?: unknown;
  readonly error?: string;
  /** What happened, in its order. */
  readonly notes: readonly string[];
}

/** A way to import the module. */
export interface Way {
  readonly name: string;
  readonly imports: () => Imports;
  /** What of the notes is compared. */
  readonly compares: (notes: readonly string[]) => unknown;
}

export const WAYS: readonly Way[] = [
  { name: 'the class', imports: () => [GracefulShutdownModule], compares: byHook },
  {
    name: "forRoot, in Nest's own order",
    imports: () => [GracefulShutdownModule.forRoot({ exit: false, hooks: 'native' })],
    compares: (notes) => notes,
  },
];

/** Runs a situation, and closes what it has created. */
export async function runIn(imports: Imports, adapter: AdapterName, situation: Situation): Promise<Outcome> {
  const bench = new Bench(imports, adapter);
  const result = await situation(bench).then(
    (seen) => ({ seen }),
    (error: unknown) => ({ error: describeError(error) }),
  );
  await bench.closeAll();
  return { ...result, notes: bench.notes };
}

/** The class and message of an error, without what differs from one run to the next. */
export function describeError(error: unknown): string {
  const { name, message, code } = error as Error & { code?: string };
  return [name, code, message.replaceAll(/:\d{4,5}\b/g, ':port')].filter(Boolean).join(' ');
}

/**
 * The notes by hook, each in its order: without `hooks: 'native'`, `beforeApplicationShutdown` comes first, as documented.
 */
function byHook(notes: readonly string[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const note of notes) (groups[note.split('.')[1] ?? 'others'] ??= []).push(note);
  return groups;
}
