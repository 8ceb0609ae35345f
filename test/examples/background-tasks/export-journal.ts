import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';

/** What became of an export. */
export interface Entry {
  readonly id: string;
  readonly pages: number;
  /** The page that was written last. */
  readonly page: number;
  readonly what: 'written' | 'handed over' | 'finished';
}

/** Stands for a table in a database: what was done is in a file, and the next process reads it. */
@Injectable()
export class ExportJournal {
  readonly #path = process.env['JOURNAL'] ?? 'exports.jsonl';

  note(entry: Entry): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }

  /** The exports that an earlier process has handed over. */
  handedOver(): Entry[] {
    const latest = new Map(this.#entries().map((entry) => [entry.id, entry]));
    return [...latest.values()].filter(({ what }) => what === 'handed over');
  }

  #entries(): Entry[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').trimEnd().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
  }
}
