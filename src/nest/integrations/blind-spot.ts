import type { ShutdownParticipant } from '../../core/participant.js';

/**
 * Participant for work that cannot be observed: it fails in drain, so that the shutdown does not count as completed.
 */
export class BlindSpot implements ShutdownParticipant {
  readonly name: string;
  readonly #why: string;

  constructor(name: string, why: string) {
    this.name = name;
    this.#why = why;
  }

  drain(): void {
    throw new Error(this.#why);
  }
}
