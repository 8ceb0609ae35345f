import { RESPONSE_ON_STREAM, STREAMS_OF_SESSION } from './http-probes.js';
import { sampleStream } from './samples.js';
import { ReadStreams, TrackedStreams, type SessionStreams } from './session-streams.js';
import type { EventEmitter } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import type { ProbeCheck } from '../util/probe.js';

/** Returns the cheapest way, in this version of Node, to find the responses in progress on `session` and later ones. */
export function findStreams(
  server: EventEmitter,
  session: ServerHttp2Session,
  probes: ProbeCheck,
): SessionStreams {
  const isReadable =
    probes.check(STREAMS_OF_SESSION, session) && probes.check(RESPONSE_ON_STREAM, sampleStream());
  return isReadable ? new ReadStreams() : new TrackedStreams(server);
}
