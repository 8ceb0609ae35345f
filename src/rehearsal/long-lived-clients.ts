import { openEventStream } from './load/event-stream-client.js';
import { openWebSocket } from './load/web-socket-client.js';
import { requestName } from './plan.js';
import { RehearsalError } from './target/rehearsal-error.js';
import type { LongLivedClient, LongLivedEnd } from './load/long-lived.js';

/** How many clients each path gets. */
const CLIENTS_PER_PATH = 4;

/** What connections that stay open for long are made of. */
export interface LongLivedPlan {
  readonly kind: 'event stream' | 'WebSocket';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** The end of a connection to a path, which is named without its query. */
export interface LongLivedEndOf extends LongLivedEnd {
  readonly path: string;
}

/** Opens one; rejects with a {@link RehearsalError} if it is not accepted. */
export async function openLongLived(
  { kind, url, headers }: LongLivedPlan,
  path: string,
): Promise<LongLivedClient> {
  const open = kind === 'event stream' ? openEventStream : openWebSocket;
  try {
    return await open(new URL(path, url), headers);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RehearsalError(`the ${kind} ${requestName('GET', path)} could not be opened: ${why}`);
  }
}

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
  static async open(plan: LongLivedPlan, paths: readonly string[]): Promise<LongLivedClients> {
    const opened = paths.flatMap((path) =>
      Array.from({ length: CLIENTS_PER_PATH }, async () => ({
        path: path.split('?')[0]!,
        client: await openLongLived(plan, path),
      })),
    );
    return new LongLivedClients(await Promise.all(opened));
  }

  /** Resolves with how each of them ended, when all have. */
  ends(): Promise<readonly LongLivedEndOf[]> {
    return Promise.all(this.#clients.map(async ({ path, client }) => ({ path, ...(await client.ended) })));
  }

  close(): void {
    for (const { client } of this.#clients) client.close();
  }
}
