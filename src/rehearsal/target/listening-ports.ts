import { readdir, readFile, readlink } from 'node:fs/promises';
import { ifGone } from './if-gone.js';

/** An address at which a process accepts connections. */
export interface ListeningAddress {
  /** One to connect to: the loopback address for a socket that listens on all of them. */
  readonly host: string;
  readonly port: number;
}

const LISTENING = '0A';

/** Whether {@link listeningAddresses} can tell. */
export const FINDS_PORTS = process.platform === 'linux';

/** Returns the TCP addresses at which processes listen, by port; on Linux only. */
export async function listeningAddresses(pids: readonly number[]): Promise<readonly ListeningAddress[]> {
  const owned = new Set((await Promise.all(pids.map(socketsOf))).flat());
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(ifGone(''))),
  );
  const found = new Map<number, ListeningAddress>();
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTENING || inode === undefined || !owned.has(inode)) continue;
    const [address = '', port = ''] = local.split(':');
    const listening = { host: hostOf(address), port: Number.parseInt(port, 16) };
    if (!found.has(listening.port)) found.set(listening.port, listening);
  }
  return [...found.values()].toSorted((one, other) => one.port - other.port);
}

/** The inodes of the sockets that a process has open. */
async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  // It may end meanwhile, or belong to another user.
  const names = await readdir(folder).catch(ifGone([]));
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(ifGone(''))));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** The kernel prints each 32 bits of an address in the byte order of the machine. */
function hostOf(address: string): string {
  if (/^0+$/.test(address)) return '127.0.0.1';
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex')].toReversed());
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16),
  );
  return `[${groups.join(':')}]`;
}
