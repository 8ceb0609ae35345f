import { registerAs } from '@nestjs/config';
import { processEnvironment } from './process-environment.js';

/**
 * The environment as a namespace of `@nestjs/config`: read when the application is created, when the variables of
 * its own `ConfigModule.forRoot`, from `.env` files or wherever, are in place, whichever module is imported first.
 */
export const shutdownConfig = registerAs('nestjsDrain', processEnvironment);
