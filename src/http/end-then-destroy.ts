import type { Socket } from 'node:net';

/** Destroys a socket when everything that was written to it is with the kernel. */
export function endThenDestroy(socket: Socket): void {
  socket.end(() => socket.destroy());
}
