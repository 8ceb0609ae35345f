import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, jest } from '@jest/globals';
import { requireTool } from '../../../../scripts/find-tools.mjs';
import { ProcessFamily } from '../../../../src/rehearsal/target/process-family.js';

requireTool('proc');

it('a family of processes is over when all have ended: another process may get the id of the first', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  await once(child, 'spawn');
  const family = new ProcessFamily(child.pid!);
  expect(await family.members()).toMatchObject([{ pid: child.pid }]);
  family.kill();
  await once(child, 'exit');
  expect(await family.members()).toEqual([]);

  const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  family.kill();
  expect(kill).not.toHaveBeenCalled();
});
