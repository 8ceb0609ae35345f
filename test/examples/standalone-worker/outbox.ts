import { readdir, readFile, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of messages: each file is sent to the recipient, noted in a list, and deleted. */
export class Outbox {
  readonly #folder: string;
  readonly #recipient: string;
  readonly #deliveries: FileHandle;

  constructor(folder: string, recipient: string, deliveries: FileHandle) {
    this.#folder = folder;
    this.#recipient = recipient;
    this.#deliveries = deliveries;
  }

  /** Does nothing when there is no message. */
  async deliverNext(): Promise<void> {
    const [name] = (await readdir(this.#folder)).toSorted();
    if (name === undefined) return;
    const file = join(this.#folder, name);
    const { ok, status } = await fetch(this.#recipient, { method: 'POST', body: await readFile(file) });
    if (!ok) throw new Error(`the recipient answered ${name} with ${status}`);
    await this.#deliveries.write(`${name}\n`);
    await unlink(file);
  }
}
