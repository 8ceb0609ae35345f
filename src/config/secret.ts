import { createHash, timingSafeEqual } from 'node:crypto';

/** A secret that can be compared but not read: only its SHA-256 hash is kept. */
export class Secret {
  readonly #digest: Buffer;

  constructor(secret: string) {
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
