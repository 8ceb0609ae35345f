import { connect } from 'node:net';
import { RehearsalError } from './rehearsal-error.js';

/** Rejects with a {@link RehearsalError} if something listens there before the application was started. */
export async function failIfPortIsTaken({ hostname, port, protocol, origin }: URL): Promise<void> {
  const isTaken = await new Promise<boolean>((resolve) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const socket = connect(Number(port || (protocol === 'https:' ? 443 : 80)), host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (isTaken) {
    throw new RehearsalError(
      `something answers at ${origin} already: end it, or let the application use another port and name that in --url`,
    );
  }
}
