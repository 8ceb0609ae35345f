import { expect, it } from '@jest/globals';
import { operationIn } from '../../../src/websockets/graphql-operation.js';

const ask = (query?: string, operationName?: string | null): string =>
  JSON.stringify({ id: '1', type: 'subscribe', payload: { query, operationName } });

it.each([
  ['{ me { name } }', undefined, { type: 'query', name: undefined }],
  ['query { me }', undefined, { type: 'query', name: undefined }],
  [
    'mutation Pay($of: Order! = { id: 1 }) @live { pay(of: $of) }',
    undefined,
    { type: 'mutation', name: 'Pay' },
  ],
  ['subscription @live { news }', undefined, { type: 'subscription', name: undefined }],
  ['# mutation M {\nsubscription { news }', undefined, { type: 'subscription', name: undefined }],
  [
    'fragment query on User { name } mutation M { rename { ...query } }',
    undefined,
    { type: 'mutation', name: 'M' },
  ],
  ['query query { mutation }', undefined, { type: 'query', name: 'query' }],
  ['query A { a(text: "} mutation B {") } subscription B { b }', 'B', { type: 'subscription', name: 'B' }],
  ['query A { a(text: """\n} mutation B { """) } mutation B { b }', 'B', { type: 'mutation', name: 'B' }],
  ['query A { a } mutation B { b }', null, { type: 'query', name: 'A' }],
  ['query A { a }', 'Elsewhere', { type: 'operation', name: 'Elsewhere' }],
  [undefined, 'Persisted', { type: 'operation', name: 'Persisted' }],
  ['not GraphQL', undefined, { type: 'operation', name: undefined }],
  ['}}} query { a }', undefined, { type: 'operation', name: undefined }],
])('finds the operation of %p', (query, name, operation) => {
  expect(operationIn(ask(query, name))).toEqual(operation);
});

it('recognises the message of the older protocol', () => {
  expect(operationIn(Buffer.from('{"id":"1","type":"start","payload":{"query":"{ a }"}}'))).toEqual({
    type: 'query',
    name: undefined,
  });
});

it.each(['{"type":"connection_init"}', '{"type":"complete","id":"1"}', 'null', '[]', '"', '', undefined])(
  'finds none in %p',
  (message) => {
    expect(operationIn(message)).toBeUndefined();
  },
);
