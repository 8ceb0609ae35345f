import { openEventStream } from './load/event-stream-client.js';
import { openWebSocket } from './load/web-socket-client.js';
import { requestName } from './plan.js';
import { RehearsalError } from './target/rehearsal-error.js';
import type { LongLivedClient, LongLivedEnd } from './load/long-lived.js';
import type { LongLivedRecord } from './run-record.js';

/** How many clients each path gets. */
const CLIENTS_PER_PATH = 4;

interface OpenClient {
  readonly path: string;
  readonly client: LongLivedClient;
}

/** Clients of event streams or of WebSockets. */
export class LongLivedClients {
  readonly #clients: readonly OpenClient[];

  private constructor(clients: readonly OpenClient[]) {
    this.#clients = clients;
  }

  /** Opens several clients for each path; rejects with a {@link RehearsalError} if one is not accepted. */
  static async open(
    kind: 'event stream' | 'WebSocket',
    url: URL,
    paths: readonly string[],
    headers: Readonly<Record<string, string>>,
  ): Promise<LongLivedClients> {
    const open = kind === 'event stream' ? openEventStream : openWebSocket;
    const opened = paths.flatMap((path) =>
      Array.from({ length: CLIENTS_PER_PATH }, async () => {
        const client = await open(new URL(path, url), headers).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          throw new RehearsalError(`the ${kind} ${requestName('GET', path)} could not be opened: ${why}`);
        });
        return { path: path.split('?')[0]!, client };
      }),
    );
    return new LongLivedClients(await Promise.all(opened));
  }

  /** Resolves with how each of them ended, when all have; times are relative to `signalledAt`. */
  ends(signalledAt: number): Promise<readonly LongLivedRecord[]> {
    return Promise.all(
      this.#clients.map(async ({ path, client }) => recordOf(path, await client.ended, signalledAt)),
    );
  }

  close(): void {
    for (const { client } of this.#clients) client.close();
  }
}

function recordOf(path: string, { at, isClean, how }: LongLivedEnd, signalledAt: number): LongLivedRecord {
  const atMs = Math.round(at - signalledAt);
  return { path, atMs, isClean, how: atMs < 0 ? `${how} before the signal` : how };
}
