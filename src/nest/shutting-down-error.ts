import { ServiceUnavailableException } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';

/**
 * Thrown at whoever begins a task when it is too late for that.
 *
 * Nest answers a request with 503 then, in the words of the option `lateResponse`, as it answers late requests.
 */
export class ShuttingDownError extends ServiceUnavailableException {
  readonly code = 'SHUTTING_DOWN';

  constructor(task: string, { code, message }: ResolvedOptions['lateResponse']) {
    super({ statusCode: 503, error: 'Service Unavailable', message, code });
    this.message =
      `task ${task} was refused, because the application is shutting down: begin it before the shutdown, or track it ` +
      'with trackTask() if it belongs to something that was accepted';
  }
}
