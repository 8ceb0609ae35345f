import { createHash, timingSafeEqual } from 'node:crypto';
import type { Problem } from './problem.js';

type SecretProblem = Pick<Problem, 'reason' | 'fix'>;

/** A secret that can be compared but not read: only its SHA-256 hash is kept. */
export class Secret {
  /** What is wrong with it, without revealing it. */
  readonly problem: SecretProblem | undefined;
  readonly #digest: Buffer;

  constructor(secret: string, problem?: SecretProblem) {
    this.problem = problem;
    this.#digest = digestOf(secret);
  }

  /** Whether `candidate` equals the secret, compared in constant time. */
  matches(candidate: string): boolean {
    return timingSafeEqual(digestOf(candidate), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
