/** Where progress is shown; a part of what `process.stdout` is. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\u001b[2K';

/** Shows how things go: on a terminal in one line that changes, in a log as lines. */
export class LiveProgress {
  readonly #terminal: Terminal;
  readonly #startedAt = performance.now();
  #shown = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** How often {@link update} is worth calling, in milliseconds. */
  get intervalMs(): number {
    return this.#terminal.isTTY ? 100 : 500;
  }

  /** Shows a state that the next one replaces; in a log only when it differs from the last one. */
  update(text: string): void {
    if (this.#terminal.isTTY) this.#terminal.write(`${CLEAR_LINE}${this.#timed(text)}`);
    else if (text !== this.#shown) this.#terminal.write(`${this.#timed(text)}\n`);
    this.#shown = text;
  }

  /** Shows something that stays. */
  note(text: string): void {
    this.clear();
    this.#terminal.write(`${this.#timed(text)}\n`);
  }

  /** Shows text of somebody else, as it is. */
  write(text: string): void {
    this.clear();
    this.#terminal.write(text);
  }

  /** Takes away the state that is shown. */
  clear(): void {
    if (this.#terminal.isTTY) this.#terminal.write(CLEAR_LINE);
  }

  #timed(text: string): string {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    return `${seconds.padStart(6)} s  ${text}`;
  }
}
