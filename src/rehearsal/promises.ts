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
  { id: 'new-connections', title: 'new connections are accepted while requests come', exitCode: 11 },
  { id: 'kept-alive', title: 'no connection that is kept alive is reset', exitCode: 12 },
  { id: 'complete', title: 'answers come to their end', exitCode: 13 },
  { id: 'errors', title: 'nothing is answered with an error', exitCode: 14 },
  { id: 'answers', title: 'no answer is lost', exitCode: 15 },
  { id: 'streams', title: 'event streams end cleanly', exitCode: 16 },
  { id: 'websockets', title: 'WebSockets are closed with a close frame', exitCode: 17 },
  { id: 'readiness', title: 'readiness falls before connections are refused', exitCode: 18 },
  { id: 'exit-time', title: 'the process ends within the grace period', exitCode: 19 },
  { id: 'exit-code', title: 'the exit code tells that it ended as asked', exitCode: 20 },
  { id: 'orphans', title: 'no process is left behind', exitCode: 21 },
  { id: 'replaced', title: 'each worker is replaced', exitCode: 22 },
] as const satisfies readonly DeploymentPromise[];

/** One of {@link PROMISES}. */
export type PromiseId = (typeof PROMISES)[number]['id'];
