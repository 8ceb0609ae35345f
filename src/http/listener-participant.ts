import { claim } from './claim.js';
import { ListeningSocket } from './listening-socket.js';
import type { Server } from 'node:net';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { HttpServerDependencies } from './http-server-options.js';

interface ListenerParticipantOptions extends Pick<HttpServerDependencies, 'stopListeningAt'> {
  /** Shown in logs, metrics and the report. */
  readonly name: string;
}

/**
 * Closes the listener of a server that does not speak HTTP: it uses another protocol, or hands its connections over to an
 * HTTP server.
 */
export class ListenerParticipant implements ShutdownParticipant {
  readonly name: string;

  readonly #server: Server;
  readonly #listener: ListeningSocket;
  readonly #stopListeningAt: ListenerParticipantOptions['stopListeningAt'];
  readonly #unclaim: () => void;

  /** @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if the server already has a participant */
  constructor(server: Server, { name, stopListeningAt }: ListenerParticipantOptions) {
    this.#unclaim = claim(server);
    this.name = name;
    this.#server = server;
    this.#listener = new ListeningSocket(server);
    this.#stopListeningAt = stopListeningAt;
  }

  /** Whether clients can connect. */
  get isListening(): boolean {
    return this.#server.listening;
  }

  announce({ terminating }: ShutdownContext): void {
    if (this.#stopListeningAt !== 'announce') return;
    void terminating.then(({ kind }) => {
      if (kind === 'close') this.#listener.closeNow();
      else void this.#listener.close();
    });
  }

  /** Lets no more clients connect. */
  refuse(): void {
    this.#listener.closeNow();
  }

  async release(): Promise<void> {
    await this.#listener.close();
  }

  dispose(): void {
    this.#listener.dispose();
    this.#unclaim();
  }
}
