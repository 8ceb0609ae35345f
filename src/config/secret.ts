import { createHash, timingSafeEqual } from 'node:crypto';

/** A secret that can be compared with but not read: only its hash is kept. */
export class Secret {
  readonly #digest: Buffer;

  constructor(secret: string) {
    this.#digest = digestOf(secret);
  }

  /** Whether `candidate` is the secret; takes as long either way. */
  matches(candidate: string): boolean {
    return timingSafeEqual(digestOf(candidate), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
