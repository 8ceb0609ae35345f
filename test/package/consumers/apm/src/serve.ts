import { Controller, Get, Inject, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-drain';

/** What happens at the end of a request. */
export const LAST_STEP = Symbol('last step');

@Controller()
class SlowController {
  constructor(@Inject(LAST_STEP) private readonly lastStep: () => void) {}

  /** Ends once the shutdown has begun. */
  @Get('slow')
  async slow(): Promise<string> {
    tell('in-flight');
    await new Promise((resolve) => process.once('SIGURG', resolve));
    this.lastStep();
    return 'ok';
  }
}

/** Serves with the providers of a recipe, on the platform that the test names. */
export async function serve(providers: readonly Type[], lastStep = (): void => {}): Promise<void> {
  @Module({
    imports: [GracefulShutdownModule],
    controllers: [SlowController],
    providers: [...providers, { provide: LAST_STEP, useValue: lastStep }],
  })
  class AppModule {}
  const adapter = process.env['PLATFORM'] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = enableGracefulShutdown(await NestFactory.create(AppModule, adapter));
  await app.listen(0, '127.0.0.1');
  tell('listening', { url: await app.getUrl() });
}

function tell(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}
