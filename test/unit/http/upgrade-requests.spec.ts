import { createServer, type Server } from 'node:http';
import { expect, it } from '@jest/globals';
import { systemClock } from '../../../src/util/clock.js';
import { HttpServerParticipant } from '../../../src/http/http-server-participant.js';
import { strictProbes } from '../../support/strict-probes.js';
import { LATE_RESPONSE } from '../../support/http/drained-server.js';

function participate(server: Server): HttpServerParticipant {
  return new HttpServerParticipant(server, {
    clock: systemClock,
    lateRequests: 'reject',
    lateResponse: LATE_RESPONSE,
    isExempt: () => false,
    probes: strictProbes(),
    onArrival: () => undefined,
    firstRequestBudgetMs: 0,
    minClientBytesPerSecond: 0,
    stopListeningAt: 'drain',
  });
}

it.each(['upgrade', 'connect'])('listens for %s only as long as others do', (event) => {
  const server = createServer();
  const early = (): void => undefined;
  const late = (): void => undefined;
  server.on(event, early);
  const participant = participate(server);
  expect(server.listeners(event).slice(1)).toEqual([early]);

  server.off(event, early);
  expect(server.listenerCount(event)).toBe(0);

  server.on(event, late);
  server.on(event, early);
  expect(server.listeners(event).slice(1)).toEqual([late, early]);
  server.off(event, late);
  expect(server.listeners(event).slice(1)).toEqual([early]);

  server.removeAllListeners(event);
  expect(server.listenerCount(event)).toBe(0);

  server.once(event, late);
  participant.dispose();
  expect(server.listeners(event)).toEqual([late]);
  expect(server.listenerCount('newListener') + server.listenerCount('removeListener')).toBe(0);
});
