import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SAMPLE_REPORT } from '../unit/core/sample-report.js';
import { COMMAND, runCommand } from './report-command.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('nestjs-drain report', () => {
  it('writes a page next to the file, or to the path in --output', async () => {
    const file = join(folder, 'shutdown.json');
    writeFileSync(file, JSON.stringify(SAMPLE_REPORT));
    const beside = join(folder, 'shutdown.html');
    const elsewhere = join(folder, 'page.htm');

    expect(await runCommand('report', file)).toEqual({ code: 0, stdout: `${beside}\n`, stderr: '' });
    expect(await runCommand('report', '--output', elsewhere, file)).toMatchObject({ code: 0 });

    expect(readFileSync(beside, 'utf8')).toMatch(/^<!doctype html>/);
    expect(readFileSync(elsewhere, 'utf8')).toBe(readFileSync(beside, 'utf8'));
  });

  it('does not overwrite its input', async () => {
    const file = join(folder, 'log.html');
    writeFileSync(file, JSON.stringify(SAMPLE_REPORT));

    const { code, stderr } = await runCommand('report', file);

    expect(stderr).toContain(`the page would overwrite ${file}: set another path with --output`);
    expect(code).not.toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(SAMPLE_REPORT);
  });

  it.each(['file', 'link', 'dangling link'] as const)('writes over a %s with --force only', async (kind) => {
    const [file, page, target] = ['shutdown.json', 'page.html', 'target'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(file, JSON.stringify(SAMPLE_REPORT));
    if (kind !== 'dangling link') writeFileSync(kind === 'file' ? page : target, 'precious');
    if (kind !== 'file') symlinkSync(target, page);

    const refused = await runCommand('report', file, '--output', page);

    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `${page} exists: set another path with --output, or write over it with --force`,
      ),
    });
    expect(existsSync(page) ? readFileSync(page, 'utf8') : 'precious').toBe('precious');
    expect(lstatSync(page).isSymbolicLink()).toBe(kind !== 'file');
    expect(await runCommand('report', file, '--output', page, '--force')).toMatchObject({ code: 0 });
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
  });

  it.each<[object, string]>([
    [{ durationMs: '5' }, 'durationMs must be a number'],
    [{ reason: 'SIGTERM' }, 'reason must be an object'],
    [{ statistics: null }, 'statistics must be an object'],
    [{ cuts: [null] }, 'cuts[0] must be an object'],
    [{ moreCuts: 5 }, 'moreCuts must be an array'],
    [
      { moreParticipants: [{ phase: 'drain', outcome: 'failed' }] },
      'moreParticipants[0].count must be a number',
    ],
    [{ inFlight: {} }, 'inFlight must be an array'],
    [
      { participants: [{ name: 5, phase: 'drain', outcome: 'completed', startedMs: 0, durationMs: 0 }] },
      'participants[0].name must be a string',
    ],
    [{ phases: Array(9).fill({}) }, '; and 22 more'],
  ])('names the fields that are wrong: %j', async (fields, complaint) => {
    const file = join(folder, 'shutdown.json');
    writeFileSync(file, JSON.stringify({ ...SAMPLE_REPORT, ...fields }));

    const { code, stderr } = await runCommand('report', file);

    expect(stderr).toContain(`the report in ${file} is damaged: `);
    expect(stderr).toContain(complaint);
    expect(code).toBe(2);
  });

  it('rejects a report of another version', async () => {
    const file = join(folder, 'shutdown.json');
    writeFileSync(file, JSON.stringify({ ...SAMPLE_REPORT, version: 1 }));

    const { code, stderr } = await runCommand('report', file);

    expect(stderr).toContain(`the report in ${file} has version 1; this command reads version 2`);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'shutdown.html'))).toBe(false);
  });

  it.each([
    [[], 'missing command'],
    [['rehearse-it'], 'unknown command "rehearse-it"'],
    [['reprot'], 'unknown command "reprot": did you mean report?'],
    [['help', 'reprot'], 'unknown command "reprot": did you mean report?'],
    [['report', '--ouptut'], "Unknown option '--ouptut'"],
    [['report'], 'report requires exactly one file'],
    [['report', 'a', 'b'], 'report requires exactly one file'],
    [['report', '/nowhere.json'], 'ENOENT'],
    [['report', COMMAND], 'contains no shutdown report'],
  ])('says what is wrong with %j', async (args, complaint) => {
    const { code, stdout, stderr } = await runCommand(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(complaint);
    expect(stderr).toContain('Usage:');
    expect(existsSync(COMMAND.replace('.js', '.html'))).toBe(false);
  });
});

describe('nestjs-drain', () => {
  it.each([
    [
      ['--help'],
      /^Usage: nestjs-drain COMMAND\n\n {2}plan {6}\S[^]*\n {2}rehearse {2}\S[^]*\n {2}report {4}\S[^]*--version/,
    ],
    [['-h'], /^Usage: nestjs-drain COMMAND\n/],
    [['help'], /^Usage: nestjs-drain COMMAND\n/],
    [['report', '--help'], /^Usage: nestjs-drain report FILE [^]*--output PAGE[^]*--force/],
    [['report', 'a.json', '-h'], /^Usage: nestjs-drain report FILE /],
    [['help', 'report'], /^Usage: nestjs-drain report FILE /],
  ] as const)('prints its usage: %j', async (args, usage) => {
    expect(await runCommand(...args)).toEqual({ code: 0, stdout: expect.stringMatching(usage), stderr: '' });
  });

  it.each(['--version', '-v'])('prints its version: %s', async (option) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runCommand(option)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
