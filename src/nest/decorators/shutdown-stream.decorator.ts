import { UseInterceptors } from '@nestjs/common';
import { checkStreamPolicy } from '../../config/check-event-streams.js';
import { isObject } from '../../util/foreign.js';
import { ShutdownError } from '../../core/errors.js';
import { setPolicy } from '../../sse/stream-policy.js';
import { warnIfModuleIsMissing } from './module-missing.js';
import type { ServerResponse } from 'node:http';
import type { ShutdownStreamOptions } from '../../config/stream-options.js';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';

/**
 * Sets what happens to the event streams of a route, `@Sse()` or hand-written, when draining begins.
 *
 * Without it, streams that answer GET end, and all others finish. `{ policy: 'finish' }` is for streams that end by
 * themselves, such as the progress of a task; `{ policy: 'end' }` for streams that never do. The decorator also sends `X-Accel-Buffering: no`, which keeps nginx from buffering the streams.
 *
 * @example
 * ```ts
 * @ShutdownStream({ policy: 'finish', maxMs: 3_000 })
 * ```
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` on anything but a controller method, and for invalid options
 */
export function ShutdownStream(options?: ShutdownStreamOptions): MethodDecorator {
  return (target, method, descriptor) => {
    check(target, method, descriptor, options);
    UseInterceptors(new StreamPolicyInterceptor(options))(target, method, descriptor);
    warnIfModuleIsMissing(target, '@ShutdownStream()');
  };
}

/** Stores the policy, if there is one, on each response of a route. */
class StreamPolicyInterceptor implements NestInterceptor {
  readonly #options: ShutdownStreamOptions | undefined;

  constructor(options: ShutdownStreamOptions | undefined) {
    this.#options = options;
  }

  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    if (context.getType() === 'rpc') {
      // It belongs to this message alone: the context of its transport, or the call of gRPC.
      const last: unknown = context.getArgs().at(-1);
      if (this.#options && isObject(last)) setPolicy(last, this.#options);
      return next.handle();
    }
    const reply = context.switchToHttp().getResponse<ServerResponse & { readonly raw?: ServerResponse }>();
    const response = reply.raw ?? reply;
    if (this.#options) setPolicy(response, this.#options);
    if (!response.headersSent) response.setHeader('X-Accel-Buffering', 'no');
    return next.handle();
  }
}

function check(
  target: object,
  method: string | symbol | undefined,
  descriptor: { readonly value?: unknown } | undefined,
  options: ShutdownStreamOptions | undefined,
): void {
  const isStatic = typeof target === 'function';
  const owner = isStatic ? target.name : target.constructor.name;
  const complain = (what: string): never => {
    const member = method === undefined ? '' : `.${String(method)}`;
    throw new ShutdownError('SHUTDOWN_SETUP_INVALID', `@ShutdownStream() on ${owner}${member}: ${what}`);
  };
  if (isStatic || typeof descriptor?.value !== 'function') {
    complain('not a route; use it on a controller method');
  }
  if (options === undefined) return;
  const problems = checkStreamPolicy(Object(options) as object).map(
    ([name, { reason, fix }]) => `${name} ${reason}; ${fix}`,
  );
  if (problems.length > 0) complain(problems.join(', and '));
}
