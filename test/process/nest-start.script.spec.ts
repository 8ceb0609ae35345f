import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { requireTool } from '../../scripts/find-tools.mjs';
import { NestProject } from '../support/process/nest-project.js';
import type { Program } from '../support/process/program.js';

const CTRL_C = '\x03';
/** They compile. */
const TIMEOUT_MS = 120_000;

let project: NestProject;
let terminal: Program | undefined;

beforeAll(() => void requireTool('script'));

beforeEach(async () => {
  project = await NestProject.create();
});

afterEach(async () => {
  await terminal?.[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

describe.each(['nest start', 'npm start'])('Ctrl-C under %s', (command) => {
  it(
    'drains, though the terminal and every process in between send it',
    async () => {
      terminal = project.run(command);
      await terminal.event('listening');
      const response = fetch(`${project.url}/slow?ms=1000`);
      await terminal.event('request');

      terminal.type(CTRL_C);

      expect((await response).status).toBe(200);
      expect(await terminal.event('exit')).toMatchObject({ code: 0 });
      await terminal.printed(/the prompt is back/);
    },
    TIMEOUT_MS,
  );

  it(
    'forces when it is pressed again',
    async () => {
      terminal = project.run(command);
      await terminal.event('listening');
      const response = fetch(`${project.url}/slow?ms=60000`);
      await terminal.event('request');
      terminal.type(CTRL_C);
      await terminal.printed(/SIGINT: shutting down/);

      // Sooner it would be the same key press.
      await delay(250);
      terminal.type(CTRL_C);

      await expect(response).rejects.toThrow('fetch failed');
      expect(await terminal.event('exit')).toMatchObject({ code: 130 });
      await terminal.printed(/the prompt is back/);
    },
    TIMEOUT_MS,
  );
});
