import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';
import { NestProject } from '../support/process/nest-project.js';
import type { Program } from '../support/process/program.js';

const CTRL_C = '\x03';
/** They compile. */
const TIMEOUT_MS = 120_000;

let project: NestProject;
let terminal: Program | undefined;

beforeAll(() => {
  requireTool('script');
  // Nest finds by it the processes that it ends.
  requireTool('ps');
});

beforeEach(async () => {
  project = await NestProject.create();
});

afterEach(async () => {
  await terminal?.[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

it(
  'nest start --watch restarts five times while a slow request is open: it is answered, the next process listens, none is left',
  async () => {
    terminal = project.run('nest start --watch');
    for (let generation = 0; generation < 5; generation += 1) {
      await terminal.event('listening', (event) => event['generation'] === generation);
      const response = fetch(`${project.url}/slow?ms=1500`);
      await terminal.event('request', (event) => event['generation'] === generation);

      project.write('src/generation.ts', `export const generation = ${generation + 1};\n`);

      expect(await (await response).json()).toEqual({ generation });
      expect(await terminal.event('exit', (event) => event['generation'] === generation)).toMatchObject({
        code: 0,
      });
    }
    await terminal.event('listening', (event) => event['generation'] === 5);

    const response = fetch(`${project.url}/slow?ms=500`);
    await terminal.event('request', (event) => event['generation'] === 5);
    terminal.type(CTRL_C);

    expect((await response).status).toBe(200);
    expect(await terminal.event('exit', (event) => event['generation'] === 5)).toMatchObject({ code: 0 });
    await terminal.printed(/the prompt is back/);
    expect(terminal.output).not.toContain('EADDRINUSE');
  },
  TIMEOUT_MS,
);
