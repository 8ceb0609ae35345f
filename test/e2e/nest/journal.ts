import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleDestroy, Type } from '@nestjs/common';

/** What happened, in its order. */
export class Journal {
  readonly entries: string[] = [];

  readonly note = (entry: string): void => void this.entries.push(entry);

  /** The entries that begin with, or end in, `part`. */
  of(part: string): string[] {
    return this.entries.filter((entry) => entry.startsWith(part) || entry.includes(`.${part}`));
  }

  /** Where an entry is, or where it would be. */
  indexOf(entry: string): number {
    const index = this.entries.indexOf(entry);
    if (index < 0) throw new Error(`no ${entry} in ${JSON.stringify(this.entries)}`);
    return index;
  }
}

/** Every shutdown hook, noted with its arguments. */
export type Witness = OnModuleDestroy & BeforeApplicationShutdown & OnApplicationShutdown;

/** A class with the name `name`, whose instances note in the journal which hooks they hear. */
export function witness(journal: Journal, name: string): Type<Witness> {
  const note = (hook: string, given: unknown[]): void => journal.note(`${name}.${hook}(${given.join()})`);
  class Hearer implements Witness {
    onModuleDestroy(...given: unknown[]): void {
      note('onModuleDestroy', given);
    }

    beforeApplicationShutdown(...given: unknown[]): void {
      note('beforeApplicationShutdown', given);
    }

    onApplicationShutdown(...given: unknown[]): void {
      note('onApplicationShutdown', given);
    }
  }
  return named(Hearer, name);
}

/** The class, under another name. */
export function named<Class extends Type>(type: Class, name: string): Class {
  Object.defineProperty(type, 'name', { value: name });
  return type;
}
