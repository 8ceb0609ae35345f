import { callMethod, hasMethod } from '../util/foreign.js';
import type { Transport } from './transport.js';

/** A custom strategy: its messages are counted, and two methods tell it to stop receiving and to start again. */
export class CustomTransport implements Transport {
  readonly isListening = false;
  readonly errorFor: (message: string) => unknown;

  readonly #strategy: object;

  constructor(strategy: object, errorFor: (message: string) => unknown) {
    this.#strategy = strategy;
    this.errorFor = errorFor;
  }

  /** Whether the strategy can be told to stop receiving. */
  static isSteerable(strategy: object): boolean {
    return hasMethod(strategy, 'stopIntake');
  }

  watch(): (() => void)[] {
    return [];
  }

  async stopIntake(): Promise<void> {
    await callMethod(this.#strategy, 'stopIntake');
  }

  async startIntake(): Promise<void> {
    await callMethod(this.#strategy, 'startIntake');
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}
