import type { Socket } from 'node:net';

/** The handle of a socket, which counts its bytes. */
interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize?: number;
  /** The handle below TLS. TLS counts a long write as queued until all of it has been sent. */
  readonly _parent?: Handle;
}

/** Private properties of a socket; the same in every version of Node since 20. */
interface SocketWithHandle extends Socket {
  readonly _handle?: Handle | null;
}

/** Returns the total bytes passed to the kernel, TLS overhead included; the client may have received fewer. */
export function bytesSentOn(socket: SocketWithHandle): number {
  const { _handle: handle, bytesWritten, writableLength } = socket;
  const { bytesWritten: passed, writeQueueSize: queued } = handle?._parent ?? handle ?? {};
  // Without the size of the queue, a long write counts once all of it has been sent.
  return passed === undefined || queued === undefined ? bytesWritten - writableLength : passed - queued;
}

/** Returns the bytes transferred on `socket` in both directions. */
export function bytesMovedOn(socket: Socket): number {
  return bytesSentOn(socket) + socket.bytesRead;
}
