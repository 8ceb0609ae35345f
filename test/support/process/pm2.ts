import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeBlocks } from '../../unit/docs/markdown.js';
import { freePort } from '../services/server.js';
import { root, type ProgramEvent } from './program.js';
import type { ApplicationPlan } from '../../fixtures/plan.js';

const command = createRequire(import.meta.url).resolve('pm2/bin/pm2');
const run = promisify(execFile);

/** How often the log is read by what waits for an event. */
const LOOK_AGAIN_MS = 20;

/** The app of the ecosystem file in a guide. */
export function documentedApp(guide: string): Pm2App {
  const { code } = codeBlocks(guide, 'js').find((block) => block.code.includes('ecosystem.config'))!;
  const module = { exports: { apps: [] as Pm2App[] } };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  new Function('module', code)(module);
  return module.exports.apps[0]!;
}

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

  /**
   * Starts an app of an ecosystem file, with the application in place of its script; with `wait_ready`, it resolves when it
   * listens.
   */
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
  async output(): Promise<string> {
    return existsSync(this.#log) ? readFile(this.#log, 'utf8') : '';
  }

  /** The events of one name that its processes have printed. */
  async events(name: string): Promise<ProgramEvent[]> {
    // What comes after the last line end is still being written.
    return (await this.output())
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith(`{"event":"${name}"`))
      .map((line) => JSON.parse(line) as ProgramEvent);
  }

  /** Waits for the first event of one name that `matches`. */
  async event(name: string, matches: (event: ProgramEvent) => boolean = () => true): Promise<ProgramEvent> {
    for (;;) {
      const found = (await this.events(name)).find((event) => matches(event));
      if (found) return found;
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** What PM2 lists of the app: its state, and how its last process ended. */
  async listed(): Promise<{ readonly status: string; readonly exit_code: number }> {
    const [app] = JSON.parse(await this.run('jlist')) as { pm2_env: { status: string; exit_code: number } }[];
    return app!.pm2_env;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('kill');
    await rm(this.#home, { recursive: true, force: true });
  }
}
