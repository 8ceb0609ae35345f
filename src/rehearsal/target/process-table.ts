import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { ifGone } from './if-gone.js';

/** A running process. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The name of its program, without its arguments: those may be secret. */
  readonly name: string;
  /** When it began, in whatever form: it tells a process from a later one with the same id. */
  readonly startedAt: string;
}

/** Where the time of its start is among the fields of a process, its state being the first. */
const START_TIME = 19;

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w+\s+\w+\s+\w+\s+[\d:]+\s+\d+)\s+(.*)$/;

/** Returns the processes of this machine that run; a process that has ended and was not collected yet does not. */
export function runningProcesses(): Promise<readonly RunningProcess[]> {
  return process.platform === 'linux' ? processesFromProc() : processesFromPs();
}

/** Likewise, from the file system /proc of Linux. */
export async function processesFromProc(): Promise<readonly RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // A process may end while the table is read.
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(ifGone(''))));
  return stats.flatMap((stat) => {
    // The name may contain anything, parentheses and spaces too.
    const [, pid, name = '', rest = ''] = /^(\d+) \((.*)\) (.*)$/s.exec(stat) ?? [];
    const fields = rest.split(' ');
    const [state = '', parent, group] = fields;
    if (pid === undefined || hasEnded(state)) return [];
    const startedAt = fields[START_TIME] ?? '';
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), name, startedAt }];
  });
}

/** Likewise, from the command ps. */
export async function processesFromPs(): Promise<readonly RunningProcess[]> {
  const table = await new Promise<string>((resolve, reject) => {
    execFile('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart=,comm='], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, group, state = '', startedAt = '', path = ''] = PS_LINE.exec(line) ?? [];
    if (pid === undefined || hasEnded(state)) return [];
    const name = path.replace(/^.*\//, '');
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), name, startedAt }];
  });
}

function hasEnded(state: string): boolean {
  return /^[ZX]/.test(state);
}
