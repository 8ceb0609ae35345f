import { describe, expect, it } from '@jest/globals';
import { parseLocatedJson } from '../../../../src/rehearsal/scenario/located-json.js';
import { parseLocatedYaml } from '../../../../src/rehearsal/scenario/located-yaml.js';
import { plain } from '../../../../src/rehearsal/scenario/located.js';
import { scenarioOf } from '../../../../src/rehearsal/scenario/scenario.js';

const fromJson = (text: string) => scenarioOf(parseLocatedJson(text, 'a.json'), 'a.json');
const fromYaml = (text: string) => scenarioOf(parseLocatedYaml(text, 'a.yaml', process.cwd()), 'a.yaml');

describe('parseLocatedJson', () => {
  it.each([
    '{}',
    '[]',
    '{"a": [1, -2.5e3, "x\\"\\u00e9\\n", true, false, null], "b": {"c": {}}}',
    ' [ { "a" : [ ] } ,\n\t2 ] \n',
    '"text"',
  ])('reads what JSON.parse() reads: %s', (text) => {
    expect(plain(parseLocatedJson(text, 'a.json'))).toEqual(JSON.parse(text));
  });

  it.each([
    ['', '1:1: a value should be here'],
    ['{"a": 1,\n  b: 2}', '2:3: a name in quotes should be here'],
    ['{"a" 1}', '1:6: a colon should be here'],
    ['{"a": 1 "b": 2}', '1:9: a comma or } should be here'],
    ['[1,\n2', '2:2: a comma or ] should be here'],
    ['[1, ]', '1:5: a value should be here'],
    ['{1: 2}', '1:2: a name in quotes should be here'],
    ['{} {}', '1:4: the document should end here'],
    ['["\\x"]', '1:2: this is no valid JSON'],
  ])('says what is wrong with %j, and where', (text, problem) => {
    expect(() => parseLocatedJson(text, 'a.json')).toThrow(`a.json:${problem}`);
  });
});

describe('scenarioOf', () => {
  it('reads the same from JSON and YAML', () => {
    const json = `{
      "rate": 80,
      "requests": [
        { "path": "/orders?page=1", "weight": 3 },
        { "path": "/orders", "body": { "sku": "a" }, "headers": { "X-Key": "b" }, "expect": 201 },
        { "path": "/import", "upload": 1000, "slow": "2s" },
        { "path": "/export", "slow": 1, "method": "get" }
      ],
      "streams": ["/events"],
      "webSockets": ["/ws"]
    }`;
    const yaml = `
rate: 80
requests:
  - { path: '/orders?page=1', weight: 3 }
  - path: /orders
    body: { sku: a }
    headers: &shared { X-Key: b }
    expect: 201
  - { path: /import, upload: 1000, slow: 2s }
  - { path: /export, slow: 1, method: get }
streams: [/events]
webSockets: [/ws]
`;
    expect(fromYaml(yaml)).toEqual(fromJson(json));
    expect(fromJson(json)).toEqual({
      rate: 80,
      requests: [
        { weight: 3, request: { kind: 'GET /orders', method: 'GET', path: '/orders?page=1', headers: {} } },
        {
          weight: 1,
          request: {
            kind: 'POST /orders',
            method: 'POST',
            path: '/orders',
            headers: { 'content-type': 'application/json', 'x-key': 'b' },
            body: '{"sku":"a"}',
            expected: 201,
          },
        },
        {
          weight: 1,
          request: {
            kind: 'POST /import',
            method: 'POST',
            path: '/import',
            headers: {},
            upload: { bytes: 1_000, overMs: 2_000 },
          },
        },
        {
          weight: 1,
          request: { kind: 'GET /export', method: 'GET', path: '/export', headers: {}, readAfterMs: 1_000 },
        },
      ],
      streams: ['/events'],
      webSockets: ['/ws'],
    });
  });

  it.each([
    ['[]', '1:1: an object should be here'],
    ['{"reqests": []}', '1:2: there is no field "reqests": did you mean requests?'],
    ['{"requests":\n {}}', '2:2: a list should be here'],
    ['{"requests": [\n  {"weight": 1}]}', '2:3: a request needs a path'],
    ['{"requests": [{"path": "orders"}]}', '1:24: a path that begins with a slash should be here'],
    ['{"requests": [{"path": "/", "weight": 0}]}', '1:39: weight must be a number above 0'],
    ['{"requests": [{"path": "/", "slow": "soon"}]}', '1:37: a duration such as 500ms or 2s should be here'],
    ['{"requests": [{"path": "/", "method": "GTE"}]}', '1:39: a method of HTTP should be here'],
    ['{"requests": [{"path": "/", "headers": []}]}', '1:40: headers must be an object of names and texts'],
    ['{"requests": [{"path": "/", "foo": 1}]}', '1:29: there is no field "foo": there are path, method,'],
    ['{"rate": "fast"}', '1:10: rate must be a number above 0'],
  ])('says what is wrong with %j, and where', (text, problem) => {
    expect(() => fromJson(text)).toThrow(`a.json:${problem}`);
    expect(() => fromYaml(text)).toThrow(`a.yaml:${problem}`);
  });

  it('says where YAML is wrong, and what to do where nothing can read it', () => {
    expect(() => fromYaml('rate: 1\nrequests: [')).toThrow(/^a\.yaml:\d:\d+: /);
    expect(() => parseLocatedYaml('rate: 1', 'a.yaml', '/')).toThrow(
      'a.yaml is YAML, and the project has no package to read it with: npm install --save-dev yaml, or write it as JSON',
    );
  });
});
