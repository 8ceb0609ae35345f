import { Controller, Get, Param } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';

const WAREHOUSE = process.env['WAREHOUSE'] ?? 'http://localhost:4000';

/** Requests and messages are awaited by themselves. */
@Controller('stock')
export class StockController {
  @Get(':article')
  answerRequest(@Param('article') article: string): Promise<string> {
    return this.#askWarehouse(article);
  }

  @MessagePattern('stock')
  answerMessage(@Payload() article: string): Promise<string> {
    return this.#askWarehouse(article);
  }

  async #askWarehouse(article: string): Promise<string> {
    const answer = await fetch(`${WAREHOUSE}/${article}`);
    return answer.text();
  }
}
