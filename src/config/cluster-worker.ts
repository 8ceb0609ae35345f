import type { Cluster, Worker } from 'node:cluster';

/** Returns this process as a worker of `node:cluster`; `undefined` if it is none, or is disconnected from its primary. */
export function clusterWorker(): Worker | undefined {
  // Loading the module takes half a millisecond, and a worker always has a channel.
  if (!process.channel) return undefined;
  const cluster = process.getBuiltinModule('node:cluster') as unknown as Cluster;
  return cluster.worker;
}
