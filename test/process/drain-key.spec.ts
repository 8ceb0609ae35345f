import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drain-key-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe.each([
  ['forRoot', {}],
  ['forRootAsync', { ASYNC: '1' }],
])('a drain key that is passed to %s', (_how, env) => {
  it('works, and is in no heap snapshot', async () => {
    const key = randomBytes(24).toString('hex');
    const file = join(directory, 'key');
    writeFileSync(file, key);
    await using program = start('fixtures/drain-key', {
      execArgv: ['--expose-gc'],
      ipc: true,
      env: { ...env, KEY_FILE: file, SNAPSHOTS: directory },
    });
    const { port } = await program.event('listening');

    program.send('snapshot');
    const { file: snapshot } = await program.event('snapshot');

    const heap = readFileSync(join(directory, String(snapshot)), 'utf8');
    expect(heap).toContain('drainAuthKey');
    expect(heap.includes(key)).toBe(false);
    expect(readFileSync(join(directory, 'inspected'), 'utf8').includes(key)).toBe(false);
    const answer = await fetch(`http://127.0.0.1:${String(port)}/drain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(202);
  });
});
