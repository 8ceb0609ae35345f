import { UseInterceptors } from '@nestjs/common';
import { show } from '../../config/problem.js';
import { ShutdownError } from '../../core/errors.js';
import { setPolicy, type ShutdownStreamOptions } from '../../sse/stream-policy.js';
import type { ServerResponse } from 'node:http';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';

/**
 * Says what becomes of the event streams of a route, `@Sse()` or written by hand, when draining begins; and keeps nginx
 * from buffering them, by `X-Accel-Buffering: no`.
 *
 * Without it they end. `{ policy: 'finish' }` is for streams that end by themselves, such as the progress of a task.
 *
 * @example
 * ```ts
 * @ShutdownStream({ policy: 'finish', maxMs: 3_000 })
 * ```
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` when it is not on a method of a controller, and for what is no policy
 */
export function ShutdownStream(options: ShutdownStreamOptions = { policy: 'end' }): MethodDecorator {
  return (target, method, descriptor) => {
    check(target, method, descriptor, options);
    UseInterceptors(new StreamPolicyInterceptor(options))(target, method, descriptor);
  };
}

/** Notes on each response of a route what is to become of it. */
class StreamPolicyInterceptor implements NestInterceptor {
  readonly #options: ShutdownStreamOptions;

  constructor(options: ShutdownStreamOptions) {
    this.#options = options;
  }

  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    const reply = context.switchToHttp().getResponse<ServerResponse & { readonly raw?: ServerResponse }>();
    const response = reply.raw ?? reply;
    setPolicy(response, this.#options);
    if (!response.headersSent) response.setHeader('X-Accel-Buffering', 'no');
    return next.handle();
  }
}

function check(
  target: object,
  method: string | symbol | undefined,
  descriptor: { readonly value?: unknown } | undefined,
  options: ShutdownStreamOptions,
): void {
  const isStatic = typeof target === 'function';
  const owner = isStatic ? target.name : target.constructor.name;
  const complain = (what: string): never => {
    const member = method === undefined ? '' : `.${String(method)}`;
    throw new ShutdownError('SHUTDOWN_SETUP_INVALID', `@ShutdownStream() on ${owner}${member}: ${what}`);
  };
  if (isStatic || typeof descriptor?.value !== 'function') {
    complain('it is for a route; put it on a method of a controller');
  }
  const { policy, maxMs } = Object(options) as { policy: unknown; maxMs?: unknown };
  if (policy !== 'end' && policy !== 'finish') {
    complain(`there is no policy ${show(policy)}; use 'end' or 'finish'`);
  }
  if (maxMs === undefined) return;
  if (policy === 'end') complain("maxMs is how long 'finish' waits; use that, or leave maxMs out");
  if (!(typeof maxMs === 'number' && maxMs >= 0)) {
    complain(`maxMs is ${show(maxMs)}; give a number of milliseconds, 0 or more`);
  }
}
