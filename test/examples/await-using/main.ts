import { open } from 'node:fs/promises';
import { createShutdown } from 'nestjs-drain/standalone';

/** Writes lines into a file; goes on behind the last one, where a signal has ended the run before. */
const { LINES = '100', TARGET = 'lines.txt', PAUSE_MS = '100' } = process.env;

{
  await using shutdown = createShutdown();
  await shutdown.listen();
  const target = await open(TARGET, 'a+');
  shutdown.resources.register('target', target);

  // A task, so that a signal waits for the line that is being written before the file is closed.
  await shutdown.tasks.run('lines', async () => {
    const written = (await target.readFile('utf8')).split('\n').length - 1;
    for (let line = written + 1; line <= Number(LINES) && !shutdown.isShuttingDown; line += 1) {
      await target.write(`${line}\n`);
      console.log(JSON.stringify({ event: 'written', line }));
      await shutdown.sleep(Number(PAUSE_MS));
    }
  });
}
console.log(JSON.stringify({ event: 'closed' }));
