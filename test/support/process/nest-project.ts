import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTerminal, Program } from './program.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const FILES = {
  'package.json': { type: 'module', private: true, scripts: { start: 'nest start' } },
  'nest-cli.json': { collection: '@nestjs/schematics', sourceRoot: 'src' },
  'tsconfig.json': {
    compilerOptions: {
      target: 'es2023',
      module: 'nodenext',
      types: ['node'],
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      skipLibCheck: true,
      noCheck: true,
      rootDir: 'src',
      outDir: 'dist',
    },
    include: ['src'],
  },
};

/** A small project of the usual kind, in a folder of its own: what Nest's command line works on. */
export class NestProject implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nest-project-'));
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
    for (const [name, content] of Object.entries(FILES)) this.write(name, JSON.stringify(content));
    cpSync(join(root, 'test/fixtures/nest-project'), join(this.#folder, 'src'), { recursive: true });
    const packages = join(this.#folder, 'node_modules');
    mkdirSync(packages);
    for (const name of readdirSync(join(root, 'node_modules'))) {
      symlinkSync(join(root, 'node_modules', name), join(packages, name));
    }
    symlinkSync(root, join(packages, 'nestjs-drain'));
  }

  static async create(): Promise<NestProject> {
    await using server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new NestProject((server.address() as AddressInfo).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.#folder, file), content);
  }

  /** Runs a command in a terminal of its own, which stays open when it has ended. */
  run(command: string): Program {
    const { PATH = '', HOME = '' } = process.env;
    // Like the shell that people type into, this one goes on after their Ctrl-C.
    const session = `trap : INT; stty -echo; ${command}; echo "the prompt is back"; cat`;
    const [file = '', ...args] = inTerminal(session);
    return new Program(command, file, args, {
      cwd: this.#folder,
      env: {
        PATH: `${join(this.#folder, 'node_modules/.bin')}:${PATH}`,
        HOME,
        PORT: String(this.#port),
        SHELL: '/bin/sh',
      },
      input: true,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
