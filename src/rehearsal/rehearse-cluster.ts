import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFor, TELL_OF_WORKERS } from './cluster/worker-news.js';
import { waitForWorkers } from './cluster/wait-for-workers.js';
import { Workers } from './cluster/workers.js';
import { watchShutdown } from './rehearse-once.js';
import { reloadWorkers } from './reload-workers.js';
import { replaceOneByOne } from './replace-one-by-one.js';
import { RollingLoad } from './rolling-load.js';
import { withApplication } from './with-application.js';
import type { Onlooker } from './onlooker.js';
import type { ClusterPlan, RehearsalPlan } from './plan.js';
import type { RunRecord } from './run-record.js';

/**
 * Starts the primary process of a cluster, has its workers replaced under load, and ends it as a single application. No process
 * is left afterwards, however it ends.
 *
 * @param interrupted ends it early: then it rejects with the reason
 * @returns records of the workers, and one of the end if a worker was left to be ended
 * @throws {RehearsalError} if there is nothing to judge
 */
export async function rehearseCluster(
  plan: RehearsalPlan,
  { reload }: ClusterPlan,
  onlooker: Onlooker,
  interrupted: AbortSignal,
): Promise<readonly RunRecord[]> {
  await using folder = await temporaryFolder();
  const [script, news] = [join(folder.path, 'tell-of-workers.cjs'), join(folder.path, 'workers.jsonl')];
  await writeFile(script, TELL_OF_WORKERS);
  // A PM2 of its own, so that the command never reaches another one that runs on this machine.
  const home = { PM2_HOME: folder.path };
  const env = { ...home, ...environmentFor(script, news, plan.env?.['NODE_OPTIONS']) };
  return await withApplication(plan, { onlooker, interrupted, env }, async (application, ready) => {
    const { url } = ready;
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const workers = new Workers(application, news, port);
    const { length } = await waitForWorkers(workers, application.name, plan.readyTimeoutMs);
    onlooker.step(length === 1 ? 'there is one worker' : `${length} workers share the port`);
    const runs = await replaced();
    // Without a worker there is nobody to answer until the end.
    if (workers.serving.length === 0) return runs;
    return [...runs, await watchShutdown(application, ready, plan, onlooker)];

    async function replaced(): Promise<readonly RunRecord[]> {
      const clientsPerPath = 2 * length;
      using load = await RollingLoad.start({ plan, url, clientsPerPath, onlooker });
      const replacement = { plan, application, workers, load, onlooker };
      await (reload
        ? reloadWorkers(replacement, reload, { ...plan.env, ...home })
        : replaceOneByOne(replacement));
      return await load.end();
    }
  });
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'nestjs-drain-cluster-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
