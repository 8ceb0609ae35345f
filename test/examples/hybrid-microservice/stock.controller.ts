import { Controller, Get, Param } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';

const WAREHOUSE = process.env['WAREHOUSE'] ?? 'http://localhost:4000';

@Controller('stock')
export class StockController {
  /** Requests are awaited by themselves. */
  @Get(':article')
  answerRequest(@Param('article') article: string): Promise<string> {
    return this.#askWarehouse(article);
  }

  /** Messages are not: a transport does not tell which of them are unanswered. */
  @MessagePattern('stock')
  answerMessage(@Payload() article: string): Promise<string> {
    return this.#askWarehouse(article);
  }

  async #askWarehouse(article: string): Promise<string> {
    const answer = await fetch(`${WAREHOUSE}/${article}`);
    return answer.text();
  }
}
