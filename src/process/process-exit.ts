import { processRegistry } from './process-registry.js';
import type { ProcessMember } from './process-registry.js';

/** Ends the process, once every application in it that is to end it has shut down. */
export class ProcessExit {
  readonly #member: ProcessMember;
  readonly #exit: (code: number) => void;

  /** @param exit what ends the process; `process.exit`, unless a test looks on */
  constructor(member: ProcessMember, exit: (code: number) => void) {
    this.#member = member;
    this.#exit = exit;
    processRegistry().add(member);
  }

  /** Exits, after the others that are on their way to the same end; the last one's code counts. */
  async exit(code: number): Promise<void> {
    const others = [...processRegistry()].filter((member) => member !== this.#member && member.exitRequested);
    this.dispose();
    await Promise.all(others.map(({ finished }) => finished));
    this.#exit(code);
  }

  dispose(): void {
    processRegistry().delete(this.#member);
  }
}
