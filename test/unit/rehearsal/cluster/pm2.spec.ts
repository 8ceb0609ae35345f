import { describe, expect, it } from '@jest/globals';
import { leavesDaemon, pm2ReloadOf } from '../../../../src/rehearsal/cluster/pm2.js';

describe('a command of PM2', () => {
  it.each<[string, string | undefined, boolean]>([
    ['pm2-runtime start ecosystem.config.cjs', 'pm2 reload all', false],
    ['npx pm2-runtime dist/main.js -i 4', 'npx pm2 reload all', false],
    ['npx -p pm2 pm2-runtime dist/main.js', 'npx -p pm2 pm2 reload all', false],
    ['node node_modules/.bin/pm2-docker start x.json', 'node node_modules/.bin/pm2 reload all', false],
    ['pm2 start dist/main.js -i 4 --no-daemon', 'pm2 reload all', false],
    ['pm2 start dist/main.js -i 4', 'pm2 reload all', true],
    ['node dist/pm2/main.js', undefined, false],
  ])('%s', (command, reload, ends) => {
    expect(pm2ReloadOf(command.split(' '))?.join(' ')).toBe(reload);
    expect(leavesDaemon(command.split(' '))).toBe(ends);
  });
});
