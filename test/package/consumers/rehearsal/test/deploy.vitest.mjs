import { expect, it } from 'vitest';
import { expectCleanDeploy, formatRehearsal, rehearse } from 'nestjs-drain/rehearsal';

const options = { duration: 400, lag: '300ms', rate: 40, timeout: '30s' };

it('is clean', async ({ signal }) => {
  const report = await rehearse(['node', 'src/graceful.mjs'], { ...options, abort: signal });
  expect(formatRehearsal(report)).toContain('Every promise that was seen was kept.');
});

it('is not clean', async () => {
  await expectCleanDeploy(['node', 'src/careless.mjs'], options);
});

it('tells what is wrong with the options', async () => {
  await expect(rehearse([], { path: 'orders' })).rejects.toThrow(
    /there is no command[^]*; --path must be a path that begins with a slash, and not "orders"/,
  );
});
