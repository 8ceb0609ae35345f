import { ServiceUnavailableException } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';

/**
 * Thrown when a task begins too late in a shutdown.
 *
 * Nest turns it into a 503 response with the texts of the option `lateResponse`, as for late requests.
 */
export class ShuttingDownError extends ServiceUnavailableException {
  readonly code = 'SHUTTING_DOWN';

  constructor(task: string, { code, message }: ResolvedOptions['lateResponse']) {
    super({ statusCode: 503, error: 'Service Unavailable', message, code });
    this.message =
      `task ${task} was refused, because the application is shutting down: begin it before the shutdown, or use ` +
      'trackTask() if it is part of accepted work';
  }
}
