import { describe, expect, it } from '@jest/globals';
import { requestsOfOpenApi } from '../../../../src/rehearsal/scenario/openapi.js';

const document = {
  openapi: '3.1.0',
  servers: [{ url: 'https://shop.example/v1/' }],
  paths: {
    '/orders': {
      get: { parameters: [{ name: 'page', in: 'query', required: true, schema: { default: 1 } }] },
      post: { requestBody: { content: { 'application/json': { example: { sku: 'a' } } } } },
      put: { requestBody: { required: true, content: { 'application/json': { schema: {} } } } },
    },
    '/orders/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: {
        parameters: [
          { name: 'X-Tenant', in: 'header', required: true, schema: { enum: ['a b', 'c'] } },
          { name: 'sort', in: 'query', schema: { default: 'date' } },
        ],
      },
    },
    '/users/{name}': {
      get: { parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }] },
    },
    '/files/{file}': { get: {} },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, examples: { one: { value: '4/2' } } } },
  },
};

describe('requestsOfOpenApi', () => {
  it('makes requests of examples, defaults and enumerations, and says what it leaves out', () => {
    expect(requestsOfOpenApi(document, ['GET'])).toEqual({
      requests: [
        {
          weight: 1,
          request: { kind: 'GET /v1/orders', method: 'GET', path: '/v1/orders?page=1', headers: {} },
        },
        {
          weight: 1,
          request: {
            kind: 'GET /v1/orders/{id}',
            method: 'GET',
            path: '/v1/orders/4%2F2',
            headers: { 'x-tenant': 'a b' },
          },
        },
      ],
      leftOut: [
        'GET /users/{name}: no example of name',
        'GET /files/{file}: a parameter of its path is not described',
      ],
    });
  });

  it('sends bodies with methods that were asked for', () => {
    expect(requestsOfOpenApi(document, ['POST', 'PUT'])).toEqual({
      requests: [
        {
          weight: 1,
          request: {
            kind: 'POST /v1/orders',
            method: 'POST',
            path: '/v1/orders',
            headers: { 'content-type': 'application/json' },
            body: '{"sku":"a"}',
          },
        },
      ],
      leftOut: ['PUT /orders: no example of its body'],
    });
  });

  it('says that a document is another one', () => {
    expect(() => requestsOfOpenApi({ swagger: '2.0' }, ['GET'])).toThrow('it has no paths');
  });
});
