import type { LiveProgress } from './live-progress.js';
import type { Observations } from '../observations.js';
import type { Onlooker } from '../onlooker.js';

/** Shows a rehearsal as it goes on: what the application prints, each step, and counts of requests as they change. */
export class ProgressDisplay implements Onlooker {
  readonly #live: LiveProgress;
  readonly #timer: NodeJS.Timeout;
  readonly #observations: Observations[] = [];
  #isLineOpen = false;
  #isOver = false;

  constructor(live: LiveProgress) {
    this.#live = live;
    this.#timer = setInterval(() => this.#update(), live.intervalMs);
  }

  output(text: string): void {
    if (this.#isOver) return;
    const lines = text.replace(/\n$/, '').replaceAll('\n', '\n│ ');
    this.#live.write(`${this.#isLineOpen ? '' : '│ '}${lines}${text.endsWith('\n') ? '\n' : ''}`);
    this.#isLineOpen = !text.endsWith('\n');
  }

  step(text: string): void {
    if (this.#isOver) return;
    this.#endLine();
    this.#live.note(text);
  }

  loading(observations: Observations): void {
    this.#observations.push(observations);
  }

  /** Nothing is shown after it. */
  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#endLine();
    this.#live.clear();
  }

  #update(): void {
    if (this.#observations.length === 0 || this.#isLineOpen) return;
    const tallies = this.#observations.flatMap(({ before, after }) => [before, after]);
    const answered = tallies.reduce((sum, tally) => sum + tally.count('answered'), 0);
    const lost = tallies.reduce((sum, tally) => sum + tally.lost, 0);
    this.#live.update(`answered ${answered}  lost ${lost}`);
  }

  #endLine(): void {
    if (this.#isLineOpen) this.#live.write('\n');
    this.#isLineOpen = false;
  }
}
