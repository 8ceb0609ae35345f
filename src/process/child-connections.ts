import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The ports of a TCP connection on this host, as its client has them. */
export interface ClientPorts {
  readonly localPort: number;
  readonly remotePort: number;
}

/**
 * Whether the client of a connection is a process that this one has started, directly or through others.
 *
 * Only Linux tells, in `/proc`: https://man7.org/linux/man-pages/man5/proc.5.html. It reads synchronously, and not much
 * unless there are such processes.
 */
export function isOfChild(client: ClientPorts): boolean {
  const children = descendantsOf('self');
  if (children.length === 0) return false;
  const links = socketsOf(client).map((inode) => `socket:[${inode}]`);
  return links.length > 0 && children.some((pid) => openFilesOf(pid).some((file) => links.includes(file)));
}

function descendantsOf(pid: string): string[] {
  const children = entriesOf(`/proc/${pid}/task`).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The inodes of the sockets at that end of a connection; more than one only if its ports are in use on two addresses. */
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

// Processes end while they are read, and some do not let themselves be read.

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
