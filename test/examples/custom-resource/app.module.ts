import { Controller, HttpCode, Module, Param, ParseIntPipe, Put } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { PriceCache } from './price-cache.js';
import { PriceFile } from './price-file.js';

@Controller('prices')
class PricesController {
  constructor(private readonly cache: PriceCache) {}

  @Put(':article/:price')
  @HttpCode(204)
  set(@Param('article') article: string, @Param('price', ParseIntPipe) price: number): void {
    this.cache.set(article, price);
  }
}

@Module({
  imports: [GracefulShutdownModule],
  controllers: [PricesController],
  providers: [PriceCache, PriceFile],
})
export class AppModule {}
