import { isObject, read } from '../util/foreign.js';
import type { Probe } from '../util/probe.js';

/** Returns the stream that a pino logger writes to. */
export function streamOfPino(pino: object): unknown {
  for (let owner: object | null = pino; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const key = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'pino.stream');
    if (key !== undefined) return read(owner, key);
  }
  return undefined;
}

export const STREAM_OF_PINO: Probe<object> = {
  name: "pino's symbol pino.stream",
  package: 'pino',
  ifMissing: 'the last lines of a shutdown may be lost with destinations that pino does not flush by itself',
  advice: 'Set the option flushLogs.',
  isPresent: (pino) => isObject(streamOfPino(pino)),
};

export const PIPES_OF_READABLE: Probe<object> = {
  name: 'Readable._readableState.pipes',
  package: 'node',
  ifMissing: 'the last lines of a shutdown may be lost with a logger that pipes them to another stream',
  advice: 'Set the option flushLogs.',
  isPresent: (stream) => 'pipes' in (Object(read(stream, '_readableState')) as object),
};

/** All probes of this folder. */
export const LOG_PROBES: readonly Probe[] = [STREAM_OF_PINO, PIPES_OF_READABLE];
