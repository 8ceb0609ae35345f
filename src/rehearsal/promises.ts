/** What a deployment promises to its clients and its platform. */
export interface DeploymentPromise {
  readonly id: string;
  /** What is promised, in a few words. */
  readonly title: string;
  /** Of a rehearsal that saw it broken, unless one before it in the list is, too. */
  readonly exitCode: number;
}

/** In the order of their weight. */
export const PROMISES = [
  { id: 'steady', title: 'requests are answered before the signal', exitCode: 10 },
  { id: 'new-connections', title: 'new connections are accepted until traffic stops', exitCode: 11 },
  { id: 'kept-alive', title: 'no keep-alive connection is reset', exitCode: 12 },
  { id: 'complete', title: 'no response is cut off', exitCode: 13 },
  { id: 'errors', title: 'no request is answered with an error', exitCode: 14 },
  { id: 'answers', title: 'every request is answered in time', exitCode: 15 },
  { id: 'streams', title: 'event streams end cleanly', exitCode: 16 },
  { id: 'websockets', title: 'WebSockets are closed with a close frame', exitCode: 17 },
  { id: 'readiness', title: 'readiness fails before connections are refused', exitCode: 18 },
  { id: 'exit-time', title: 'the process ends within the grace period', exitCode: 19 },
  { id: 'exit-code', title: 'the exit code says that it ended on request', exitCode: 20 },
  { id: 'orphans', title: 'no process is left behind', exitCode: 21 },
  { id: 'replaced', title: 'each worker is replaced', exitCode: 22 },
] as const satisfies readonly DeploymentPromise[];

/** One of {@link PROMISES}. */
export type PromiseId = (typeof PROMISES)[number]['id'];
