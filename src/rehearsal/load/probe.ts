import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const PATIENCE_MS = 1_000;

/** Asks once, on a connection of its own, as the kubelet does; returns the status, `undefined` if there is no answer. */
export function probe(url: URL): Promise<number | undefined> {
  return new Promise((resolve) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    get(url, { agent: false, signal, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });
}
