import type { PromiseId } from './promises.js';

/** Whether a promise was kept, what shows it, and how to fix it. */
export interface Verdict {
  readonly promise: PromiseId;
  /** `unseen` if there was nothing to see, such as event streams where none was asked for. */
  readonly state: 'kept' | 'broken' | 'unseen';
  /** What was seen, a sentence each, without a full stop. */
  readonly evidence: readonly string[];
  /** What to change, where it is broken or unseen. */
  readonly change?: string;
}

export function kept(promise: PromiseId, ...evidence: string[]): Verdict {
  return { promise, state: 'kept', evidence };
}

export function broken(promise: PromiseId, evidence: readonly string[], change: string): Verdict {
  return { promise, state: 'broken', evidence, change };
}

export function unseen(promise: PromiseId, evidence: string, change: string): Verdict {
  return { promise, state: 'unseen', evidence: [evidence], change };
}
