import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { start, type Program } from '../support/process/program.js';

const demo = (...args: string[]): Program => start('examples/demo/main', { args });

/** The number in the column `total` of a row of the table. */
function total(output: string, row: string): number {
  const line = output.split('\n').find((candidate) => candidate.startsWith(row)) ?? '';
  const last = line.trim().split(/\s+/).at(-1);
  return last === '-' ? 0 : Number(last);
}

async function listening(program: Program): Promise<{ port: number; pid: number }> {
  const [, port, pid] = await program.printed(/listening on port (\d+), process (\d+)/);
  return { port: Number(port), pid: Number(pid) };
}

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    connect({ host: '127.0.0.1', port })
      .on('connect', () => resolve(false))
      .on('error', () => resolve(true));
  });
}

describe('npm run demo', () => {
  it('loses nothing, and shows the timeline of the shutdown and the table', async () => {
    await using program = demo();
    const { code, output } = await program.exited;
    expect(output).toMatch(
      /\nNothing was lost: [1-9]\d* requests answered in full, [1-9]\d* accepted mails sent\.\n$/,
    );
    expect(code).toBe(0);
    expect(total(output, 'sent')).toBeGreaterThan(0);
    expect(total(output, 'answered in full')).toBe(total(output, 'sent'));
    for (const phase of ['announce', 'quiesce', 'drain', 'release', 'flush']) {
      expect(output).toMatch(new RegExp(`\n${phase} +[┝┃].* ms\n`));
    }
    expect(output).toMatch(/\n {2}confirmation mails +[├│].* ms\n/);
    expect(output).toMatch(/\n {2}OrderStore\.onModuleDestroy +[├│].* ms\n/);
    expect(output).toMatch(/\nretired connections +[1-9]/);
    expect(output).toMatch(/\nexit +code 0, \d+ ms after SIGTERM\n/);
  });

  it('ends with code 1 when something was lost', async () => {
    await using program = demo();
    const { pid } = await listening(program);
    await program.printed(/SIGTERM\n/);
    process.kill(pid, 'SIGKILL');
    const { code, output } = await program.exited;
    expect(output).toMatch(
      /\nFAILED: \d+ of \d+ requests were lost; .*the process ended with SIGKILL; there is no report/,
    );
    expect(code).toBe(1);
  });

  it('takes the application with it when it is ended itself', async () => {
    await using program = demo();
    const { port } = await listening(program);
    expect(await refused(port)).toBe(false);
    program.signal('SIGTERM');
    expect((await program.exited).code).toBe(1);
    expect(await refused(port)).toBe(true);
  });

  it('says how it is used when it does not understand', async () => {
    await using program = demo('--wihtout');
    expect(await program.exited).toMatchObject({
      code: 2,
      output: expect.stringMatching(/'--wihtout'.*\nUsage: npm run demo \[-- --without\]\n$/s),
    });
  });
});

describe('npm run demo -- --without', () => {
  it('shows what bare Nest loses, and ends with code 0', async () => {
    await using program = demo('--without');
    const { code, output } = await program.exited;
    const [, requests, mails] =
      /\nBare Nest lost (\d+) of \d+ requests and (\d+) of \d+ accepted mails\.\n/.exec(output) ?? [];
    expect(Number(requests)).toBeGreaterThan(0);
    expect(Number(mails)).toBeGreaterThan(0);
    expect(total(output, 'sent') - total(output, 'answered in full')).toBe(Number(requests));
    expect(total(output, '5xx')).toBeGreaterThan(0);
    expect(code).toBe(0);

    // Fit for a log when nobody watches.
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(output).not.toMatch(/[^\n\P{Cc}]/u);
  });
});
