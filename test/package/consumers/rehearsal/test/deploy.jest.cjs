const { expectCleanDeploy, rehearse, RehearsalError } = require('nestjs-drain/rehearsal');

const options = { duration: 400, lag: '300ms', rate: 40, timeout: '30s' };

it('is clean', async () => {
  const report = await expectCleanDeploy(['node', 'src/graceful.mjs'], options);
  expect(report).toMatchObject({ lost: 0, exitCode: 0, application: 'node src/graceful.mjs' });
});

it('is not clean', async () => {
  await expectCleanDeploy(['node', 'src/careless.mjs'], options);
});

it('has nothing to judge', async () => {
  const rehearsal = rehearse(['node', 'src/broken.mjs'], options);
  await expect(rehearsal).rejects.toThrow(RehearsalError);
  await expect(rehearsal).rejects.toThrow(
    /before it was ready: what it printed says why\n[^]*│ Error: no database/,
  );
});
