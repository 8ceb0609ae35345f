import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { chownSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { Program } from '../process/program.js';
import type { AddressInfo } from 'node:net';

/** How a server is run: not as root, which PostgreSQL refuses, and never longer than the tests. */
function command(user: { uid: number; gid: number } | undefined): string[] {
  const as = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : [];
  return [...as, '--pdeathsig', 'KILL'];
}

/** A user that is nobody, where the tests run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const [, , uid, gid] = /^nobody:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** A server of one's own, on a private port, with its data in a folder that goes with it. */
export class Server implements AsyncDisposable {
  readonly folder = mkdtempSync(`${tmpdir()}/nestjs-drain-`);

  readonly #user = unprivileged();
  #program: Program | undefined;

  constructor() {
    if (this.#user) chownSync(this.folder, this.#user.uid, this.#user.gid);
  }

  get isRunning(): boolean {
    return this.#program !== undefined;
  }

  /** Runs a program in its folder to the end. */
  async run(file: string, args: readonly string[]): Promise<void> {
    const { code, output } = await this.#start(file, args).exited;
    if (code !== 0) throw new Error(`${file} ended with code ${code}\n${output}`);
  }

  /** Starts it; returns, with what it has said, when it has said that it is ready. */
  async start(file: string, args: readonly string[], ready: RegExp): Promise<RegExpExecArray> {
    const program = this.#start(file, args);
    this.#program = program;
    return program.printed(ready);
  }

  /** Stops it by a signal; returns when it is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.#program) return;
    this.thaw();
    this.#program.signal(signal);
    await this.#program.exited;
    this.#program = undefined;
  }

  /** Stops all of its processes where they are: connections stay open, and nobody answers. */
  freeze(): void {
    for (const pid of this.#pids) process.kill(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of this.#pids) process.kill(pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #pids(): number[] {
    const pid = this.#program?.pid;
    if (pid === undefined) return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...children.split(' ').filter(Boolean).map(Number)];
  }

  #start(file: string, args: readonly string[]): Program {
    return new Program(file, 'setpriv', [...command(this.#user), file, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
