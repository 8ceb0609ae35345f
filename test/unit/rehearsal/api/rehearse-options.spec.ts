import { describe, expect, it } from '@jest/globals';
import { flagsOf, type RehearseOptions } from '../../../../src/rehearsal/api/rehearse-options.js';
import { parseFlags } from '../../../../src/rehearsal/flags/flags.js';
import { planOf } from '../../../../src/rehearsal/flags/plan-of.js';

const COMMAND = ['node', 'dist/main.js'];

describe('flagsOf', () => {
  it.each<[RehearseOptions, string]>([
    [{}, ''],
    [
      {
        url: 'http://127.0.0.1:3000',
        ready: '/ready',
        readyTimeout: '2m',
        signal: 'SIGINT',
        grace: 500,
        lag: '1.5s',
        path: ['/a', '/b'],
        method: 'PUT',
        headers: { accept: 'text/html', 'x-key': 'a' },
        body: 'text',
        stream: '/events',
        websocket: ['/ws', '/chat'],
        rate: 10,
        duration: '1s',
        timeout: 20_000,
        restarts: 2,
      },
      '--url http://127.0.0.1:3000 --ready /ready --ready-timeout 2m --signal SIGINT --grace 500ms --lag 1.5s --path /a --path /b ' +
        '--method PUT --header accept:text/html --header x-key:a --body text --stream /events --websocket /ws --websocket /chat ' +
        '--rate 10 --duration 1s --timeout 20s --restarts 2',
    ],
    [
      { fleet: 2, balancer: 'nginx', portVariable: 'HTTP_PORT' },
      '--fleet 2 --balancer nginx --port-variable HTTP_PORT',
    ],
    [{ cluster: true, reload: 'SIGUSR2' }, '--cluster --reload SIGUSR2'],
  ])('plans with %j what the command line does with %j', (options, flags) => {
    const args = flags === '' ? [] : flags.split(' ');
    expect(planOf(COMMAND, flagsOf(options))).toEqual(planOf(COMMAND, parseFlags(args)));
  });

  it.each([
    [{ paths: ['/orders'] }, 'paths is not an option; did you mean path?'],
    [{ header: { a: 'b' } }, 'header is not an option; did you mean headers?'],
    [{ toString: 1, rate: 5 }, /^toString is not an option; known options are url, ready, /],
  ])('refuses %j, which would be ignored', (options, message) => {
    expect(() => flagsOf(options as RehearseOptions)).toThrow(message);
  });

  it('names files in the same way', () => {
    const options: RehearseOptions = {
      scenario: 'a.json',
      openapi: 'b.json',
      openapiMethods: ['GET', 'POST'],
    };
    const args = ['--scenario', 'a.json', '--openapi', 'b.json', '--openapi-methods', 'GET,POST'];
    expect(flagsOf(options)).toMatchObject({ ...parseFlags(args) });
  });
});
