import type { Socket } from 'node:net';

/** Destroys a socket once the kernel has everything that was written to it. */
export function endThenDestroy(socket: Socket): void {
  socket.end(() => socket.destroy());
}
