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
  // The columns: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode.
  const line = new RegExp(`:${hexOf(localPort)} \\w+:${hexOf(remotePort)}(?: +\\S+){6} +(\\d+)`, 'g');
  return ['tcp', 'tcp6'].flatMap((table) =>
    Array.from(textOf(`/proc/self/net/${table}`).matchAll(line), ([, inode = '']) => inode),
  );
}

/** Addresses are written in hexadecimal, with a colon before the port. */
function hexOf(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
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
