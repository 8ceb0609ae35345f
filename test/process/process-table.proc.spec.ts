import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';

requireTool('proc');

const TABLE = new URL('../../build/rehearsal/target/process-table.js', import.meta.url).href;

/** Takes every file that the process may open but one, and reads the table. */
const PROGRAM = `
  import { openSync, closeSync } from 'node:fs';
  import { processesFromProc } from '${TABLE}';
  const files = [];
  try { for (;;) files.push(openSync('/dev/null', 'r')); } catch {}
  closeSync(files.pop());
  const answer = await processesFromProc().then((all) => all.length + ' processes', (error) => error.code);
  files.forEach((file) => closeSync(file));
  console.log(answer);
`;

it('processes that cannot be read are not taken for ended', () => {
  const { stdout, stderr } = spawnSync(
    'sh',
    [
      '-c',
      'ulimit -n 64; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"',
      process.execPath,
      PROGRAM,
    ],
    { encoding: 'utf8' },
  );
  expect({ stdout, stderr }).toEqual({ stdout: 'EMFILE\n', stderr: '' });
});
