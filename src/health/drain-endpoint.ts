import { messageOf } from '../core/errors.js';
import { problem } from './endpoint.js';
import { describeProgress } from './progress-summary.js';
import type { IncomingMessage } from 'node:http';
import type { Secret } from '../config/secret.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import type { Answer, Methods } from './endpoint.js';

/**
 * The drain route: `POST` announces, `DELETE` resumes; both require the drain key as a bearer token.
 *
 * @returns `undefined` without a key or a path: the route does not exist then
 */
export function drainMethods(
  coordinator: ShutdownCoordinator,
  key: Secret | undefined,
  path: string | false,
): Methods | undefined {
  if (!key || path === false) return undefined;
  return {
    POST: (request) =>
      authenticated(request, key, () => {
        const begun = coordinator.announce(`POST ${path}`);
        return { status: begun ? 202 : 200, body: describeProgress(coordinator.progress()) };
      }),
    DELETE: (request) =>
      authenticated(request, key, async () => {
        await coordinator.resume();
        return { status: 200, body: describeProgress(coordinator.progress()) };
      }),
  };
}

async function authenticated(
  request: IncomingMessage,
  key: Secret,
  act: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined || !key.matches(token)) {
    const error = token === undefined ? '' : ', error="invalid_token"';
    const challenge = { 'WWW-Authenticate': `Bearer realm="drain"${error}` };
    return problem(401, 'Unauthorized', 'requires the drain key as a bearer token', challenge);
  }
  try {
    return await act();
  } catch (thrown) {
    return problem(409, 'Conflict', messageOf(thrown));
  }
}
