import { Injectable } from '@nestjs/common';
import { ShutdownCoordinator } from 'nestjs-drain';
import { Post } from './post.js';

/** Collects reminders, and sends them together: by hand, or at the latest when draining begins. */
@Injectable()
export class Reminders {
  readonly #waiting: string[] = [];

  constructor(
    private readonly post: Post,
    coordinator: ShutdownCoordinator,
  ) {
    coordinator.register({
      name: 'reminders',
      drain: () => this.sendAll(),
      inFlight: () => this.#waiting.length,
    });
  }

  add(text: string): void {
    this.#waiting.push(text);
  }

  async sendAll(): Promise<void> {
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      await this.post.send(text);
    }
  }
}
