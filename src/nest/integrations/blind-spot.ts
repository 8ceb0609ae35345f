import type { ShutdownParticipant } from '../../core/participant.js';

/** Work that cannot be seen: it takes part only to say so, since what nobody has seen end must not count as completed. */
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
