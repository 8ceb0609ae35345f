import { Controller, Get, Header, Headers, Sse, type MessageEvent } from '@nestjs/common';
import { concatMap, from, interval, takeWhile, type Observable } from 'rxjs';
import { ImportStore } from './import-store.js';
import { ImportTask, STEPS } from './import-task.js';
import { PAGE } from './page.js';

const LOOK_EVERY_MS = 50;

@Controller('import')
export class ImportController {
  constructor(
    private readonly task: ImportTask,
    private readonly store: ImportStore,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  /** Every step that the client has not seen yet, whichever instance it saw the others on. */
  @Sse('progress')
  progress(@Headers('last-event-id') lastId = '0'): Observable<MessageEvent> {
    this.task.begin();
    let seen = Number(lastId);
    return interval(LOOK_EVERY_MS).pipe(
      concatMap(() => this.store.stepsAfter(seen)),
      concatMap((steps) => from(steps)),
      concatMap(({ step, by }) => {
        seen = step;
        const event = { id: String(step), data: { step, of: STEPS, by } };
        return from(step < STEPS ? [event] : [event, { type: 'done', data: '' }]);
      }),
      takeWhile(({ type }: MessageEvent) => type !== 'done', true),
    );
  }
}
