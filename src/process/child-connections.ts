import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The ports of a TCP connection on this host, as seen by its client. */
export interface ClientPorts {
  readonly localPort: number;
  readonly remotePort: number;
}

/**
 * Returns whether the client of a connection is a thread of this process, or a process that this one has started, directly or
 * through other processes.
 *
 * Works only on Linux, with `/proc`: https://man7.org/linux/man-pages/man5/proc.5.html. Reads synchronously.
 */
export function isOfThisOrChild(client: ClientPorts): boolean {
  const links = socketsOf(client).map((inode) => `socket:[${inode}]`);
  const owns = (pid: string): boolean => openFilesOf(pid).some((file) => links.includes(file));
  return links.length > 0 && (owns('self') || descendantsOf('self').some(owns));
}

function descendantsOf(pid: string): string[] {
  const children = entriesOf(`/proc/${pid}/task`).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Returns the inodes of the client's sockets; several only if the same ports are in use on two addresses. */
function socketsOf({ localPort, remotePort }: ClientPorts): string[] {
  return ['tcp', 'tcp6']
    .flatMap((table) => textOf(`/proc/self/net/${table}`).split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', remote = '']) => portOf(local) === localPort && portOf(remote) === remotePort)
    .map((columns) => columns[9] ?? '');
}

/** Addresses are written in hexadecimal, with a colon before the port. */
function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

function openFilesOf(pid: string): string[] {
  return entriesOf(`/proc/${pid}/fd`).map((file) => linkOf(`/proc/${pid}/fd/${file}`));
}

// A process may end while its files are read, and some processes may not be read.

function entriesOf(path: string): string[] {
  return attempt(() => readdirSync(path), []);
}

function textOf(path: string): string {
  return attempt(() => readFileSync(path, 'latin1'), '');
}

function linkOf(path: string): string {
  return attempt(() => readlinkSync(path), '');
}

function attempt<Result>(read: () => Result, otherwise: Result): Result {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
