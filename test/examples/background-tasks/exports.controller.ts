import { setTimeout as lookUp } from 'node:timers/promises';
import { Controller, HttpCode, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { Exports } from './exports.js';

@Controller('exports')
export class ExportsController {
  readonly #exports: Exports;

  constructor(exports: Exports) {
    this.#exports = exports;
  }

  @Post(':id')
  @HttpCode(202)
  async begin(@Param('id') id: string, @Query('pages', ParseIntPipe) pages: number): Promise<void> {
    await lookUp(5);
    this.#exports.begin(id, pages);
  }
}
