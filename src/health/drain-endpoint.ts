import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS } from '../config/resolved-options.token.js';
import { messageOf } from '../core/errors.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { problem } from './endpoint.js';
import { describeProgress } from './progress-summary.js';
import type { IncomingMessage } from 'node:http';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { Secret } from '../config/secret.js';
import type { Answer, Methods } from './endpoint.js';

/** An operator's drain and its undoing, for whoever has the key. */
@Injectable()
export class DrainEndpoint {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    private readonly coordinator: ShutdownCoordinator,
  ) {}

  /** `undefined` without a key: then there is nothing to answer. */
  get methods(): Methods | undefined {
    const { drainKey } = this.options;
    if (!drainKey) return undefined;
    return {
      POST: (request) => this.#authenticated(request, drainKey, () => this.#drain()),
      DELETE: (request) => this.#authenticated(request, drainKey, () => this.#resume()),
    };
  }

  #drain(): Answer {
    const begun = this.coordinator.drain(`POST ${this.options.health.drain}`);
    return { status: begun ? 202 : 200, body: describeProgress(this.coordinator.progress()) };
  }

  async #resume(): Promise<Answer> {
    await this.coordinator.resume();
    return { status: 200, body: describeProgress(this.coordinator.progress()) };
  }

  async #authenticated(
    request: IncomingMessage,
    key: Secret,
    act: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !key.matches(token)) {
      const error = token === undefined ? '' : ', error="invalid_token"';
      const challenge = { 'WWW-Authenticate': `Bearer realm="drain"${error}` };
      return problem(401, 'Unauthorized', 'the drain key is needed as a bearer token', challenge);
    }
    try {
      return await act();
    } catch (thrown) {
      return problem(409, 'Conflict', messageOf(thrown));
    }
  }
}
