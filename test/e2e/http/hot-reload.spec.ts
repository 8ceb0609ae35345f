import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, createHttp } from '../nest/applications.js';
import { deferred, type Deferred } from '../../../src/util/deferred.js';
import type { INestApplication } from '@nestjs/common';
import type { AddressInfo } from 'node:net';

afterEach(closeAll);
guardAgainstLeaks();

let started: Deferred<void>;
let finish: Deferred<string>;

@Controller()
class SlowController {
  @Get('slow')
  slow(): Promise<string> {
    started.resolve();
    return finish.promise;
  }
}

describe.each(ADAPTERS)(
  'an application on $adapter that is closed without waiting, as hot reloading does',
  ({ create }) => {
    const generation = (): Promise<INestApplication> =>
      createHttp({ controllers: [SlowController] }, { create });

    it('frees its port for the next one immediately', async () => {
      const first = await generation();
      await first.listen(0, '127.0.0.1');
      const { port } = first.getHttpServer().address() as AddressInfo;

      const closed = first.close();
      const second = await generation();
      await second.listen(port, '127.0.0.1');

      expect(second.getHttpServer().address()).toMatchObject({ port });
      await closed;
      await second.close();
    });

    it('finishes requests in flight while the next one is listening', async () => {
      started = deferred();
      finish = deferred();
      const first = await generation();
      await first.listen(0, '127.0.0.1');
      const { port } = first.getHttpServer().address() as AddressInfo;
      const response = fetch(`http://127.0.0.1:${port}/slow`);
      await started.promise;

      const closed = first.close();
      const second = await generation();
      await second.listen(port, '127.0.0.1');
      finish.resolve('done');

      expect(await (await response).text()).toBe('done');
      await closed;
      await second.close();
    });
  },
);
