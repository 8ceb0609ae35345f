import { checkNewcomer, countInFlight, memberOf, statisticsOf } from './registration.js';
import type { Statistics } from './statistics.js';
import type { Member, ParticipantMethodName, Registration } from './registration.js';
import type { ShutdownState } from './phase.js';

/** Who takes part. */
export class ParticipantRegistry {
  readonly #members = new Set<Member>();

  /** @throws {ShutdownError} when the registration is refused; the message says what would be allowed */
  add(registration: Registration, state: ShutdownState): Member {
    const member = memberOf(registration);
    checkNewcomer(member, this.#members, state);
    this.#members.add(member);
    return member;
  }

  /** Takes a participant out again. */
  delete(member: Member): void {
    this.#members.delete(member);
  }

  /** Whether a participant has not been taken out. */
  has(member: Member): boolean {
    return this.#members.has(member);
  }

  /** Those with a method of this name, the most urgent first; of equal priority, the last registered first. */
  takingPartIn(method: ParticipantMethodName): Member[] {
    return [...this.#members]
      .filter(({ methods }) => methods.has(method))
      .toReversed()
      .toSorted((a, b) => b.priority - a.priority);
  }

  /** What participants tell of what they hold, by their names. */
  statistics(): Record<string, Statistics> {
    const told = [...this.#members].map((member) => [member.name, statisticsOf(member)] as const);
    return Object.fromEntries(told.filter((entry): entry is [string, Statistics] => entry[1] !== undefined));
  }

  /** Unfinished pieces of work of all participants. */
  countInFlight(): number {
    let total = 0;
    for (const member of this.#members) total += countInFlight(member);
    return total;
  }
}
