import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { nestMajor } from '../support/nest-major.js';

const { expectedNestMajor } = globalThis as unknown as { expectedNestMajor: number };

@Injectable()
class CallerOfConstructors {
  readonly stack = new Error('here').stack ?? '';
}

@Module({
  imports: [PrometheusModule.register({ defaultMetrics: { enabled: false } })],
  providers: [CallerOfConstructors],
})
class AppModule {}

describe(`the project for Nest ${expectedNestMajor}`, () => {
  it.each([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ])('runs that Nest on %s, with a CommonJS package that requires it', async (_name, adapter) => {
    const app = await NestFactory.create(AppModule, adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/metrics`);
    await app.close();

    expect(response.status).toBe(200);
    expect(nestMajor).toBe(expectedNestMajor);
    const { stack } = app.get(CallerOfConstructors);
    expect(stack).toContain('/node_modules/@nestjs/core/');
    expect(stack.includes('/test/nest-11/node_modules/@nestjs/core/')).toBe(expectedNestMajor === 11);
  });
});
