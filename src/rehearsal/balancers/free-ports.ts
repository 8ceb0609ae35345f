import { createServer } from 'node:net';
import { RehearsalError } from '../target/rehearsal-error.js';

/** Below the ports that systems give to clients, so that none of them takes one before a server does. */
const FIRST = 20_000;
const COUNT = 12_000;

/** Gives out ports that nothing listens on, each once. */
export class FreePorts {
  readonly #first = Math.floor(Math.random() * COUNT);
  #given = 0;

  async take(): Promise<number> {
    while (this.#given < COUNT) {
      const port = FIRST + ((this.#first + this.#given++) % COUNT);
      if (await isFree(port)) return port;
    }
    throw new RehearsalError(
      `nothing is free of the ports ${FIRST} to ${FIRST + COUNT - 1}: end what has them`,
    );
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
