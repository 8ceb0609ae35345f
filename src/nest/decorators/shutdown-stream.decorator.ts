import { UseInterceptors } from '@nestjs/common';
import { show } from '../../config/problem.js';
import { ShutdownError } from '../../core/errors.js';
import { setPolicy, type ShutdownStreamOptions } from '../../sse/stream-policy.js';
import type { ServerResponse } from 'node:http';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';

/**
 * Sets what happens to the event streams of a route, `@Sse()` or hand-written, when draining begins.
 *
 * Without it, the streams end. `{ policy: 'finish' }` is for streams that end by themselves, such as the progress of a
 * task. The decorator also sends `X-Accel-Buffering: no`, which keeps nginx from buffering the streams.
 *
 * @example
 * ```ts
 * @ShutdownStream({ policy: 'finish', maxMs: 3_000 })
 * ```
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` on anything but a controller method, and for invalid options
 */
export function ShutdownStream(options: ShutdownStreamOptions = { policy: 'end' }): MethodDecorator {
  return (target, method, descriptor) => {
    check(target, method, descriptor, options);
    UseInterceptors(new StreamPolicyInterceptor(options))(target, method, descriptor);
  };
}

/** Stores the policy on each response of a route. */
class StreamPolicyInterceptor implements NestInterceptor {
  readonly #options: ShutdownStreamOptions;

  constructor(options: ShutdownStreamOptions) {
    this.#options = options;
  }

  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    if (context.getType() === 'rpc') {
      // It belongs to this message alone: the context of its transport, or the call of gRPC.
      const last: unknown = context.getArgs().at(-1);
      if (typeof last === 'object' && last !== null) setPolicy(last, this.#options);
      return next.handle();
    }
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
    complain('not a route; use it on a controller method');
  }
  const { policy, maxMs } = Object(options) as { policy: unknown; maxMs?: unknown };
  if (policy !== 'end' && policy !== 'finish') {
    complain(`unknown policy ${show(policy)}; use 'end' or 'finish'`);
  }
  if (maxMs === undefined) return;
  if (policy === 'end') complain("maxMs applies to the policy 'finish' only; use that, or omit maxMs");
  if (!(typeof maxMs === 'number' && maxMs >= 0)) {
    complain(`maxMs is ${show(maxMs)}; use a number of milliseconds, 0 or more`);
  }
}
