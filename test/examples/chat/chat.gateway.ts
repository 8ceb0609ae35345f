import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Archive } from './archive.js';
import type { OnGatewayDisconnect, WsResponse } from '@nestjs/websockets';

/** Nothing in here knows of a shutdown. */
@WebSocketGateway({ path: '/chat' })
export class ChatGateway implements OnGatewayDisconnect {
  constructor(private readonly archive: Archive) {}

  @SubscribeMessage('say')
  async say(@MessageBody() text: string): Promise<WsResponse<number>> {
    console.log(JSON.stringify({ event: 'saying', text }));
    return { event: 'said', data: await this.archive.store(text) };
  }

  async handleDisconnect(): Promise<void> {
    await this.archive.store('somebody left');
  }
}
