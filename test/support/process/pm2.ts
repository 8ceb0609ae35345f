import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../services/server.js';
import { root, type ProgramEvent } from './program.js';
import type { ApplicationPlan } from '../../fixtures/plan.js';

const command = createRequire(import.meta.url).resolve('pm2/bin/pm2');
const run = promisify(execFile);

/** An entry of `apps` in an ecosystem file. */
export interface Pm2App extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A PM2 with a daemon of its own, which runs the application of `test/fixtures`. */
export class Pm2 implements AsyncDisposable {
  readonly #home: string;
  readonly port: number;

  private constructor(home: string, port: number) {
    this.#home = home;
    this.port = port;
  }

  /** Starts an app of an ecosystem file, with the application in place of its script; resolves when it listens. */
  static async start(app: Pm2App, plan: ApplicationPlan, nest: 11 | 12): Promise<Pm2> {
    const pm2 = new Pm2(await mkdtemp(join(tmpdir(), 'pm2-')), await freePort());
    const apps = [
      {
        ...app,
        cwd: root,
        script: 'dist-test/fixtures/pm2-main.js',
        // PM2 has no list of these in a cluster, unless it is an array.
        node_args: nest === 11 ? ['--import', `${root}dist-test/support/process/nest-11.js`] : [],
        out_file: pm2.#log,
        error_file: pm2.#log,
        merge_logs: true,
        env: { ...app.env, PORT: String(pm2.port), NO_COLOR: '1', APPLICATION: JSON.stringify(plan) },
      },
    ];
    const file = join(pm2.#home, 'ecosystem.config.cjs');
    await writeFile(file, `module.exports = ${JSON.stringify({ apps })};`);
    try {
      await pm2.run('start', file);
    } catch (error) {
      await pm2[Symbol.asyncDispose]();
      throw error;
    }
    return pm2;
  }

  get #log(): string {
    return join(this.#home, 'app.log');
  }

  /** Runs the command line of PM2; resolves with what it printed. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [command, ...args], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        HOME: this.#home,
        PM2_HOME: this.#home,
        PM2_DISABLE_VERSION_CHECK: 'true',
      },
    });
    return stdout;
  }

  /** All that its processes have printed. */
  output(): Promise<string> {
    return readFile(this.#log, 'utf8');
  }

  /** The events of one name that its processes have printed. */
  async events(name: string): Promise<ProgramEvent[]> {
    return (await this.output())
      .split('\n')
      .filter((line) => line.startsWith(`{"event":"${name}"`))
      .map((line) => JSON.parse(line) as ProgramEvent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('kill');
    await rm(this.#home, { recursive: true, force: true });
  }
}
