import { mkdtemp, readFile, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { ifGone } from '../../../../src/rehearsal/target/if-gone.js';

it('what is gone, or of another user, is left out', async () => {
  expect(await readFile(join(tmpdir(), 'not', 'there'), 'utf8').catch(ifGone(''))).toBe('');
  for (const code of ['ESRCH', 'EACCES', 'EPERM'])
    expect(ifGone(0)(Object.assign(new Error(), { code }))).toBe(0);
});

it('what cannot be read for another reason is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'folder-'));
  try {
    await expect(readFile(folder, 'utf8').catch(ifGone(''))).rejects.toMatchObject({ code: 'EISDIR' });
  } finally {
    await rmdir(folder);
  }
});
