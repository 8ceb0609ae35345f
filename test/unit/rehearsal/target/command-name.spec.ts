import { describe, expect, it } from '@jest/globals';
import { commandName } from '../../../../src/rehearsal/target/command-name.js';

describe('commandName', () => {
  it.each([
    [['/usr/bin/node', 'dist/main.js', '--token=secret'], 'node dist/main.js'],
    [['node', '--import', './trace.mjs', '-r', 'a.cjs', 'dist/main.js'], 'node dist/main.js'],
    [['node', `${process.cwd()}/dist/main.js`], 'node dist/main.js'],
    [['node', '/srv/app/main.js'], 'node /srv/app/main.js'],
    [['npm', 'run', 'start', '--', 'secret'], 'npm'],
    [['./app', 'pass word.js'], 'app'],
  ])('names %j without what may be secret', (command, name) => {
    expect(commandName(command)).toBe(name);
  });
});
