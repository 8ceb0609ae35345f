import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { requireTool } from '../../../../scripts/find-tools.mjs';
import { processesFromProc, processesFromPs } from '../../../../src/rehearsal/target/process-table.js';

requireTool('ps');

describe('the processes of this machine', () => {
  it('are the same from /proc and from ps', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
    try {
      await once(child, 'spawn');
      const expected = { pid: child.pid, parent: process.pid, group: child.pid, name: 'node' };
      for (const read of [processesFromProc, processesFromPs]) {
        const [first, second] = [await read(), await read()].map((all) =>
          all.find(({ pid }) => pid === child.pid),
        );
        expect(first).toEqual({ ...expected, startedAt: expect.stringMatching(/./) });
        expect(second).toEqual(first);
      }
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const read of [processesFromProc, processesFromPs]) {
      expect((await read()).filter(({ pid }) => pid === child.pid)).toEqual([]);
    }
  });
});
