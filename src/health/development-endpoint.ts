import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS } from '../config/resolved-options.token.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { problem } from './endpoint.js';
import { describeProgress } from './progress-summary.js';
import type { IncomingMessage } from 'node:http';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Answer, Methods } from './endpoint.js';

export const DEVELOPMENT_PATH = '/_internal/shutdown';

/** Shuts down on request of a developer's own tools, on the same machine and with NODE_ENV `development` only. */
@Injectable()
export class DevelopmentEndpoint {
  readonly methods: Methods = { POST: (request) => this.#shutdown(request) };

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    private readonly coordinator: ShutdownCoordinator,
  ) {}

  #shutdown(request: IncomingMessage): Answer {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return problem(403, 'Forbidden', refusal);
    const reason = { kind: 'development', message: `POST ${DEVELOPMENT_PATH}` } as const;
    // With `raiseOnError` it may reject; the report is in the log either way.
    this.coordinator.shutdown(reason, { exit: true }).catch(() => {});
    return { status: 202, body: describeProgress(this.coordinator.progress()) };
  }

  #refusal({ headers, socket }: IncomingMessage): string | undefined {
    if (!this.options.inDevelopment) return 'only with NODE_ENV=development';
    if (!isLoopback(socket.remoteAddress)) return 'only from the same machine';
    // What a browser or a proxy has added: a page of another origin, or a peer that only looks local.
    const added = Object.keys(headers).find((name) => /^(origin|forwarded|x-forwarded-.*)$/.test(name));
    return added === undefined ? undefined : `not with the header ${added}`;
  }
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}
