import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { LongLivedEnd, LongLivedClient } from './long-lived.js';

/** Opens an event stream and waits for the head of its response; rejects if it is not answered with 200. */
export function openEventStream(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<LongLivedClient> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const options = {
      agent: false,
      headers: { accept: 'text/event-stream', ...headers },
      rejectUnauthorized: false,
    };
    const request = get(url, options, (response) => {
      if (response.statusCode === 200) {
        resolve({ ended: endOf(response), close: () => request.destroy() });
        return;
      }
      response.resume();
      reject(new Error(`it was answered with ${response.statusCode}`));
    });
    request.on('error', reject);
  });
}

function endOf(response: IncomingMessage): Promise<LongLivedEnd> {
  return new Promise((resolve) => {
    response.resume();
    response.once('end', () => resolve({ at: performance.now(), isClean: true, how: 'ended' }));
    // After `end` it comes too late to count.
    response.once('error', () =>
      resolve({ at: performance.now(), isClean: false, how: 'its connection was cut in the middle' }),
    );
  });
}
