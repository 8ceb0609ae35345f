import { randomBytes } from 'node:crypto';
import { probe } from '../load/probe.js';
import { describeExit } from './exit-of.js';
import { FINDS_PORTS, listeningAddresses, type ListeningAddress } from './listening-ports.js';
import { RehearsalError } from './rehearsal-error.js';
import type { Application } from './application.js';

/** Where an application answers, as far as it was said. */
export interface Whereabouts {
  /** Where it answers; default: the port that it opens. */
  readonly url?: URL;
  /** The path or the URL that tells that it is ready; default: `/readyz` if there is such a route. */
  readonly ready?: string;
  /** What is asked if there is no route that tells that it is ready. */
  readonly path: string;
  readonly timeoutMs: number;
  /** The environment variable that told it the port of `url`, if one did. */
  readonly portVariable?: string;
}

/** An application that is ready. */
export interface ReadyApplication {
  readonly url: URL;
  /** The route that tells that it is ready, if there is one. */
  readonly readiness?: URL;
}

export const DEFAULT_READINESS_PATH = '/readyz';
const POLL_MS = 100;

/** Waits until the application answers; rejects with a {@link RehearsalError} if it ends before or never does. */
export async function waitUntilReady(
  application: Application,
  whereabouts: Whereabouts,
  signal: AbortSignal,
): Promise<ReadyApplication> {
  const until = performance.now() + whereabouts.timeoutMs;
  let last: string | undefined;
  while (performance.now() < until) {
    signal.throwIfAborted();
    failIfEnded(application);
    const addresses = whereabouts.url ? [] : await portsOf(application);
    const urls = whereabouts.url ? [whereabouts.url] : addresses.map(urlOf);
    for (const url of urls) {
      const found = await isReady(url, whereabouts);
      if (found.isReady) {
        failIfEnded(application);
        if (!whereabouts.url) await failIfSeveral(application);
        return { url, ...(found.readiness && { readiness: found.readiness }) };
      }
      last = found.because;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const seconds = whereabouts.timeoutMs / 1_000;
  throw new RehearsalError(
    `${application.name} was not ready after ${seconds} s: ${last ?? 'it opened no port'}. ${adviceFor(whereabouts, last !== undefined)}`,
  );
}

function adviceFor({ url, ready, portVariable }: Whereabouts, wasAsked: boolean): string {
  if (portVariable !== undefined) {
    return `Let it listen on the port that the variable ${portVariable} has, or name another variable with --port-variable, or allow more time with --ready-timeout`;
  }
  if (ready !== undefined && wasAsked)
    return 'Check the path in --ready, or allow more time with --ready-timeout';
  return url
    ? 'Check the address in --url, or say with --ready which path tells that it is ready'
    : 'Say where it answers with --url, or allow more time with --ready-timeout';
}

interface Readiness {
  readonly isReady: boolean;
  readonly readiness?: URL;
  readonly because: string;
}

async function isReady(base: URL, { ready, path }: Whereabouts): Promise<Readiness> {
  const readiness = new URL(ready ?? DEFAULT_READINESS_PATH, base);
  const status = await probe(readiness);
  const because = `GET ${readiness.pathname} ${status === undefined ? 'was not answered' : `was answered with ${status}`}`;
  if (isSuccess(status)) {
    // An application that answers every path with 2xx does not tell by it whether it is ready.
    const isRoute =
      ready !== undefined || !isSuccess(await probe(new URL(`/${randomBytes(8).toString('hex')}`, base)));
    return { isReady: true, because, ...(isRoute && { readiness }) };
  }
  if (ready !== undefined || status === undefined || status >= 500) return { isReady: false, because };
  const answer = await probe(new URL(path, base));
  return {
    isReady: answer !== undefined && answer < 500,
    because: `GET ${path.split('?')[0]} ${answer === undefined ? 'was not answered' : `was answered with ${answer}`}`,
  };
}

function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

function failIfEnded({ exit, name, findsPortTaken }: Application): void {
  if (!exit) return;
  const how = describeExit(exit);
  throw new RehearsalError(
    findsPortTaken
      ? `${name} ended with ${how} before it was ready, because its port is taken: end the process that has it, or set another port`
      : `${name} ended with ${how} before it was ready: what it printed says why`,
  );
}

async function portsOf(application: Application): Promise<readonly ListeningAddress[]> {
  if (!FINDS_PORTS) {
    throw new RehearsalError('ports are found on Linux only: say where the application answers with --url');
  }
  return listeningAddresses((await application.processes()).map(({ pid }) => pid));
}

async function failIfSeveral(application: Application): Promise<void> {
  const speaking: URL[] = [];
  for (const url of (await portsOf(application)).map(urlOf)) {
    if ((await probe(url)) !== undefined) speaking.push(url);
  }
  if (speaking.length > 1) {
    const ports = speaking.map(({ port }) => port).join(' and ');
    throw new RehearsalError(
      `${application.name} answers on the ports ${ports}: say which with --url, as in --url ${speaking[0]!.origin}`,
    );
  }
}

function urlOf({ host, port }: ListeningAddress): URL {
  return new URL(`http://${host}:${port}`);
}
