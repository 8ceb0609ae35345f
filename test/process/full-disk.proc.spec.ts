import { expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';

/** Runs a program whose stderr is a file on a disk that is full: Linux has one for each process. */
const STDERR_ON_FULL_DISK = ['sh', '-c', 'exec "$0" "$@" 2>/dev/full'];

it('an error that no disk has room for changes neither the end of the shutdown nor its exit code', async () => {
  await using program = startApplication({ faults: ['destroy-throws'] }, { under: STDERR_ON_FULL_DISK });
  await program.event('listening');

  program.signal('SIGTERM');

  expect(await program.exited).toMatchObject({ code: 1, signal: null });
  expect(await program.event('report')).toMatchObject({ report: { status: 'failed' } });
  expect(program.events).toContainEqual(expect.objectContaining({ hook: 'onApplicationShutdown' }));
});
