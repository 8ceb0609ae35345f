import { restart, type Tally } from '../support/microservices/restarts.js';
import { TRANSPORTS, type TransportName } from '../support/microservices/transports.js';
import type { Figure } from './figure.js';

const RESTARTS = Number(process.env['RESTARTS'] ?? 20);
/** Which transports, separated by commas. */
const WANTED = process.env['TRANSPORTS']?.split(',') ?? Object.keys(TRANSPORTS);

/** Two servers under a load that goes on, of which one after the other is replaced, on each transport. */
export async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const name of WANTED as TransportName[]) {
    for (const isHybrid of [false, true]) {
      for (const isBare of [true, false]) {
        const tally = await restart(name, { restarts: RESTARTS, isHybrid, isBare });
        figures.push({
          what: `${name}, ${isHybrid ? 'hybrid' : 'microservice'}, ${isBare ? 'bare Nest' : 'drained'}`,
          measured: describe(tally),
          ...(!isBare && {
            promised: 'none failed or lost, exit code 0',
            isKept:
              tally.failed + tally.lost + tally.unfinished === 0 &&
              [...tally.codes].every((code) => code === 0),
          }),
        });
        console.log(figures.at(-1)!.what, '·', figures.at(-1)!.measured);
      }
    }
  }
  return figures;
}

function describe({
  requests,
  refused,
  failed,
  events,
  lost,
  twice,
  unfinished,
  exits,
  codes,
}: Tally): string {
  const worst = Math.round(Math.max(...exits));
  const mean = Math.round(exits.reduce((sum, ms) => sum + ms, 0) / exits.length);
  return (
    `${requests} requests: ${failed} failed, ${refused} refused before they began; ${events} events: ${lost} lost; ` +
    `${twice} done twice, ${unfinished} begun and not finished; exit code ${[...codes].join('/')} after ${mean} ms, ` +
    `${worst} at most`
  );
}
