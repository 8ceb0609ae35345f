import { systemClock } from '../../../src/util/clock.js';
import { EventStreams, type StreamTimes } from '../../../src/sse/event-streams.js';
import { StreamPolicies } from '../../../src/sse/stream-policy.js';
import { isEventStream } from '../../../src/sse/event-stream.js';
import { requestPath } from '../../../src/http/request-path.js';
import { STRICT_PATHS } from '../../../src/util/request-path.js';
import {
  DrainedServer,
  LATE_RESPONSE,
  type DrainedServerOptions,
} from '../../support/http/drained-server.js';
import http, { type RequestListener, type ServerResponse } from 'node:http';
import type { AnyHttpServer } from '../../../src/http/any-http-server.js';
import type { EventStreamRoute } from '../../../src/config/stream-options.js';
import type { Clock } from '../../../src/util/clock.js';
import type { RawClient } from '../../support/http/raw-client.js';

/** A server whose event streams take part in its shutdown. */
export class StreamingServer {
  /** Responses, in the order of their requests. */
  readonly responses: ServerResponse[] = [];
  readonly streams: EventStreams;
  #drained!: DrainedServer;

  private constructor(clock: Clock, times: StreamTimes, routes: readonly EventStreamRoute[]) {
    const policies = new StreamPolicies(routes);
    this.streams = new EventStreams({
      clock,
      finishLimitMs: (response) => policies.finishLimitMs(response, requestPath(response.req), STRICT_PATHS),
      farewell: LATE_RESPONSE,
      requests: () => this.drained.participant.requests,
      times: () => times,
    });
  }

  /** @param answer what it does with a request; default: an event stream that says something at once */
  static async start(
    answer: RequestListener = (_request, response) => open(response),
    {
      clock = systemClock,
      windowMs = 0,
      finishMs = 0,
      routes = [],
      create = (listener) => http.createServer(listener),
      ...options
    }: Partial<StreamTimes> & StreamingOptions = {},
  ): Promise<StreamingServer> {
    const served = new StreamingServer(clock, { windowMs, finishMs }, routes);
    served.#drained = await DrainedServer.start(
      create((request, response) => {
        served.responses.push(response);
        answer(request, response);
      }),
      {
        onAccepted: served.streams.onAccepted,
        refuse: served.streams.refuse,
        isStream: isEventStream,
        ...options,
      },
    );
    served.drained.coordinator.register(served.streams, { priority: 1 });
    return served;
  }

  get drained(): DrainedServer {
    return this.#drained;
  }

  /** A client whose stream has begun. */
  async listen(path = '/events', text = 'data: 1\n\n'): Promise<RawClient> {
    const client = (await this.drained.connect()).get(path);
    await client.until(text);
    return client;
  }

  async close(): Promise<void> {
    await this.drained.close();
    this.streams.dispose();
  }
}

type StreamingOptions = Omit<DrainedServerOptions, 'clock'> & {
  readonly clock?: Clock;
  readonly routes?: readonly EventStreamRoute[];
  /** Default: a server of HTTP/1.1. */
  readonly create?: (listener: RequestListener) => AnyHttpServer;
};

/** Begins an event stream, and says something at once. */
export function open(response: ServerResponse, text = 'data: 1\n\n'): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(text);
}

/** The last event, without `retry`. */
export const FAREWELL = `\n\nevent: shutdown\ndata: {"code":"SHUTTING_DOWN","message":"The server is shutting down"}\n`;

/** The values of `retry` that were received. */
export function retriesIn(text: string): number[] {
  return [...text.matchAll(/^retry: (\d+)$/gm)].map(([, ms]) => Number(ms));
}
