import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Stands for a database: it takes its time, and is of no use when it has been closed. */
@Injectable()
export class Archive implements OnModuleDestroy {
  readonly #lines: string[] = [];
  #isClosed = false;

  /** @returns how many lines there are then */
  async store(line: string): Promise<number> {
    await delay(200);
    if (this.#isClosed) throw new Error(`the archive is closed, "${line}" is lost`);
    this.#lines.push(line);
    return this.#lines.length;
  }

  onModuleDestroy(): void {
    this.#isClosed = true;
    console.log(JSON.stringify({ event: 'archived', lines: this.#lines }));
  }
}
