import { signalExitCode } from '../process/exit-code.js';
import { endedAsAsked } from './ended-as-asked.js';
import { judgeWorkers } from './judge-workers.js';
import { oneLine } from '../util/safe-text.js';
import { DEFAULT_READINESS_PATH } from './target/wait-until-ready.js';
import { broken, kept, unseen, type Verdict } from './verdict.js';
import type { RehearsalPlan } from './plan.js';
import type { LongLivedRecord, RunRecord } from './run-record.js';

/** Judges readiness, connections that stay open, and the end of the process. */
export function judgeEnd(run: RunRecord, plan: RehearsalPlan): Verdict[] {
  const longLived = [
    judgeLongLived('streams', '--stream', run.streams),
    judgeLongLived('websockets', '--websocket', run.webSockets),
  ];
  if (run.workers) return [...longLived, ...judgeWorkers(run.workers, plan)];
  return [
    judgeReadiness(run),
    ...longLived,
    judgeExitTime(run, plan),
    judgeExitCode(run, plan),
    judgeOrphans(run),
  ];
}

function judgeReadiness({ readiness, firstRefusalMs }: RunRecord): Verdict {
  if (!readiness) {
    return unseen(
      'readiness',
      `no route ${DEFAULT_READINESS_PATH} reports readiness`,
      'name the route with --ready; without one, a balancer learns of the end only from refused connections',
    );
  }
  const { path, fellMs, status } = readiness;
  const refused =
    firstRefusalMs === undefined ? 'nothing was refused' : `the first refusal at ${firstRefusalMs} ms`;
  const isFirst = status !== undefined && fellMs! <= (firstRefusalMs ?? Infinity);
  if (isFirst) return kept('readiness', `GET ${path} answered ${status} at ${fellMs} ms, ${refused}`);
  const seen =
    fellMs === undefined
      ? `GET ${path} was answered with 2xx to the end`
      : `GET ${path} ${status === undefined ? 'was answered with 2xx until it was refused' : `answered ${status}`} at ${fellMs} ms`;
  return broken(
    'readiness',
    [`${seen}, ${refused}`],
    'answer 503 there as soon as the signal arrives, and accept connections until balancers have seen it: nestjs-drain does both',
  );
}

const FIXES = {
  streams:
    'end each stream before the server closes, so that clients reconnect elsewhere: nestjs-drain does so while it drains',
  websockets:
    'close each WebSocket with 1001 or 1012 before the server closes, so that clients reconnect elsewhere: nestjs-drain does so while it drains',
} as const;

function judgeLongLived(
  promise: 'streams' | 'websockets',
  flag: string,
  ends: readonly LongLivedRecord[],
): Verdict {
  if (ends.length === 0) return unseen(promise, 'none was opened', `name its path with ${flag}`);
  // One that came to an end of its own before has nothing to show.
  const seen = ends.filter(({ isClean, atMs }) => !isClean || atMs >= 0);
  if (seen.length === 0) {
    return unseen(promise, 'all had ended before the signal', `name one that stays open with ${flag}`);
  }
  const lost = seen.filter(({ isClean }) => !isClean);
  if (lost.length === 0) return kept(promise, `${seen.length} of ${seen.length}, ${seen[0]!.how}`);
  const examples = new Set(lost.map(({ path, how }) => `GET ${path}: ${how}`));
  return broken(promise, [`${lost.length} of ${seen.length} did not`, ...examples], FIXES[promise]);
}

function judgeExitTime({ exit }: RunRecord, { graceMs, signal }: RehearsalPlan): Verdict {
  if (!exit.isKilled) return kept('exit-time', `${exit.atMs} ms of ${graceMs} ms`);
  return broken(
    'exit-time',
    [`still running ${graceMs} ms after ${signal}, then killed`],
    'find what keeps the process alive: an open connection, a timer, or a shell or npm that does not forward the signal (start node directly); ' +
      'nestjs-drain always exits within its grace period and names what it waited for',
  );
}

function judgeExitCode({ exit }: RunRecord, { signal }: RehearsalPlan): Verdict {
  const seen = exit.signal === null ? `exit code ${exit.code}` : `ended by ${exit.signal}`;
  if (exit.isKilled)
    return unseen('exit-code', 'it was killed before it ended', 'let it end within the grace period');
  if (endedAsAsked(exit, [signal])) return kept('exit-code', seen);
  return broken(
    'exit-code',
    [`${seen} after ${signal}`],
    `exit with 0 or ${signalExitCode(signal)} after ${signal}: orchestrators and supervisors take any other code for a crash; look for an error in a shutdown hook`,
  );
}

function judgeOrphans({ leftBehind }: RunRecord): Verdict {
  if (leftBehind.length === 0) return kept('orphans', 'all of its processes ended with it');
  return broken(
    'orphans',
    leftBehind.map(({ pid, name }) => `process ${pid} (${oneLine(name)}) was still running`),
    'end child processes during the shutdown and wait for them: a container kills them when its first process exits',
  );
}
