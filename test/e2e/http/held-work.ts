import { once, type EventEmitter } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { deferred, type Deferred } from '../../../src/util/deferred.js';
import { coordinatorOf } from '../nest/applications.js';
import type { INestApplication } from '@nestjs/common';

/** Holds work up, and records its results. */
export class Work {
  readonly started = deferred<void>();
  #onBegun = (): void => {};
  readonly finish: Deferred<void> = deferred();
  readonly journal: string[] = [];

  /** Resolves when the next piece of work begins. */
  begun(): Promise<void> {
    return new Promise((resolve) => (this.#onBegun = resolve));
  }

  async run(what: string): Promise<void> {
    this.started.resolve();
    this.#onBegun();
    await this.finish.promise;
    this.journal.push(what);
  }
}

/** Starts a request, and disconnects when its work is running. */
export async function leave(app: INestApplication, work: Work, route: string, body = ''): Promise<void> {
  const [method = '', path = ''] = route.split(' ');
  const client = request(`${await app.getUrl()}${path}`, { method, agent: false });
  client.on('error', () => {});
  const server = app.getHttpServer() as EventEmitter;
  const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  client.end(body);
  const [, response] = await arrived;
  await work.started.promise;
  const gone = response.closed ? undefined : once(response, 'close');
  client.destroy();
  await gone;
}

/** Resolves when the shutdown of an application is in a phase. */
export async function entered(app: INestApplication, phase: 'quiesce' | 'drain' | 'release'): Promise<void> {
  const coordinator = coordinatorOf(app);
  await new Promise<void>((resolve) => {
    if (coordinator.phase === phase) return resolve();
    const stop = coordinator.observe((event) => {
      if (event.type !== 'phase-entered' || event.phase !== phase) return;
      stop();
      resolve();
    });
  });
}
