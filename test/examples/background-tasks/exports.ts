import { setTimeout as writing } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BackgroundTasks } from 'nestjs-drain';
import { ExportJournal } from './export-journal.js';

const PAGE_MS = 15;

/** Writes exports page by page; what a shutdown leaves unfinished is finished by the next process. */
@Injectable()
export class Exports implements OnApplicationBootstrap {
  readonly #tasks: BackgroundTasks;
  readonly #journal: ExportJournal;

  constructor(tasks: BackgroundTasks, journal: ExportJournal) {
    this.#tasks = tasks;
    this.#journal = journal;
  }

  onApplicationBootstrap(): void {
    for (const { id, pages, page } of this.#journal.handedOver()) this.begin(id, pages, page);
  }

  /** Begins to write an export, behind the page that was written last; does not wait for it. */
  begin(id: string, pages: number, last = 0): void {
    void this.#tasks.run(
      'export',
      async ({ signal, reportProgress }) => {
        for (let page = last + 1; page <= pages; page += 1) {
          signal.throwIfAborted();
          await writing(PAGE_MS);
          this.#journal.note({ id, pages, page, what: 'written' });
          reportProgress(page);
        }
        this.#journal.note({ id, pages, page: pages, what: 'finished' });
      },
      {
        key: id,
        graceMs: 200,
        handOver: ({ progress }) => {
          this.#journal.note({ id, pages, page: Number(progress ?? last), what: 'handed over' });
        },
      },
    );
  }
}
