import { setTimeout as wait } from 'node:timers/promises';

/** What closing resolves to where the connection had to be ended, with commands that were not answered. */
export const DISCONNECTED = Symbol('disconnected');

/** How long it is waited before the server is asked; longer than a clean end takes. */
const LOOK_EVERY_MS = 100;

/** A connection beside the one that is closed. */
export interface OtherConnection {
  ask(...command: readonly string[]): Promise<unknown>;
  end(): unknown;
}

/** How a client of Redis is closed. */
export interface RedisClosing {
  /** Has everything answered that was sent, and then closes. */
  quit(): unknown;
  /** Ends the connection at once. */
  disconnect(): unknown;
  /** Connects with the same options. */
  connectAnother(): Promise<OtherConnection>;
}

/**
 * Closes a client when everything that it has sent is answered; ends its connection where that can last for ever, behind
 * a command that blocks.
 *
 * Clients do not tell what they have sent, so the server is asked on another connection. Where that does not tell
 * either, the client is waited for.
 */
export async function closeRedis(closing: RedisClosing): Promise<unknown> {
  let isOver = false;
  const clean = Promise.resolve(closing.quit()).finally(() => (isOver = true));
  const blocked = isBlocked(closing, () => isOver).then((answer) => {
    if (!answer) return clean;
    clean.catch(() => {});
    void disconnect(closing);
    return DISCONNECTED;
  });
  return Promise.race([clean, blocked]);
}

/**
 * Clients of node-redis 4 and 5 throw, since they have been told to close. What they have sent is rejected all the same; their
 * connection stays.
 */
async function disconnect(closing: RedisClosing): Promise<void> {
  try {
    await closing.disconnect();
  } catch {
    // No public method ends it now.
  }
}

async function isBlocked(closing: RedisClosing, isOver: () => boolean): Promise<boolean> {
  let other: OtherConnection | undefined;
  try {
    for (let looks = 0; ; looks += 1) {
      await wait(LOOK_EVERY_MS, undefined, { ref: false });
      if (isOver()) return false;
      other ??= await closing.connectAnother();
      // Twice: it may be answered while this is asked.
      if (!(await seesBlocked(other))) looks = 0;
      else if (looks > 0) return !isOver();
    }
  } catch {
    return false;
  } finally {
    other?.end();
  }
}

/** Whether a client like this one, from the same machine, waits in a command that blocks. */
async function seesBlocked(other: OtherConnection): Promise<boolean> {
  const id = String(await other.ask('CLIENT', 'ID'));
  const clients = String(await other.ask('CLIENT', 'LIST'))
    .trim()
    .split('\n')
    .map((line) => new Map(line.split(' ').map((field) => field.split(/=(.*)/s) as [string, string])));
  const own = clients.find((client) => client.get('id') === id);
  const hostOf = (client: typeof own): string | undefined => client?.get('addr')?.replace(/:\d+$/, '');
  return clients.some(
    (client) =>
      client.get('flags')?.includes('b') === true &&
      hostOf(client) === hostOf(own) &&
      client.get('name') === own?.get('name') &&
      client.get('db') === own?.get('db'),
  );
}
