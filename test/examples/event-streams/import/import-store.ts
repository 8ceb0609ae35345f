import { appendFile, open, readFile, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';

/** A part of the import that is done. */
export interface Step {
  readonly step: number;
  /** The instance that did it. */
  readonly by: string;
}

/** What all instances share: a database elsewhere, a file here. */
@Injectable()
export class ImportStore {
  readonly #file = process.env['IMPORT_FILE'] ?? join(tmpdir(), 'nestjs-drain-import.jsonl');
  readonly #lock = `${this.#file}.lock`;

  /** Whether the import is this instance's from now on. */
  async claim(): Promise<boolean> {
    try {
      await (await open(this.#lock, 'wx')).close();
      return true;
    } catch {
      return false;
    }
  }

  /** Leaves the import to any other instance. */
  release(): Promise<void> {
    return unlink(this.#lock);
  }

  append(step: Step): Promise<void> {
    return appendFile(this.#file, `${JSON.stringify(step)}\n`);
  }

  /** What has been done since the first `count` steps. */
  async stepsAfter(count: number): Promise<Step[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    // What comes after the last line end is still being written.
    const lines = text.split('\n').slice(0, -1);
    return lines.slice(count).map((line) => JSON.parse(line) as Step);
  }
}
