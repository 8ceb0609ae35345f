import type { Socket } from 'node:net';

/** What counts the bytes of a socket. */
interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize?: number;
  /** Below TLS, whose own queue tells of a long write only when all of it is gone. */
  readonly _parent?: Handle;
}

/** What Node keeps on a socket; private, and the same on every version since 20. */
interface SocketWithHandle extends Socket {
  readonly _handle?: Handle | null;
}

/** Bytes that were handed to the kernel, all in all, with what TLS adds; the client may have got less. */
export function bytesSentOn(socket: SocketWithHandle): number {
  const { _handle: handle, bytesWritten, writableLength } = socket;
  const { bytesWritten: given, writeQueueSize: queued } = handle?._parent ?? handle ?? {};
  // Without a queue to ask, a long write counts when its last byte is gone.
  return given === undefined || queued === undefined ? bytesWritten - writableLength : given - queued;
}

/** Bytes that have gone through `socket`, in either direction. */
export function bytesMovedOn(socket: Socket): number {
  return bytesSentOn(socket) + socket.bytesRead;
}
