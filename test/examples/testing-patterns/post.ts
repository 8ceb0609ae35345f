import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Stands for a connection to a mail server. */
@Injectable()
export class Post implements OnModuleDestroy {
  readonly sent: string[] = [];
  #isConnected = true;

  async send(text: string): Promise<void> {
    if (!this.#isConnected) throw new Error(`not connected: ${text}`);
    this.sent.push(text);
  }

  onModuleDestroy(): void {
    this.#isConnected = false;
  }
}
