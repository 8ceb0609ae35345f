import { isObject } from '../../util/foreign.js';
import { requestName, type WeightedRequest } from '../plan.js';

/** Requests that a description of an API asks for. */
export interface DescribedRequests {
  readonly requests: readonly WeightedRequest[];
  /** Those left out, each with the parameter or the body that has no example. */
  readonly leftOut: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** What an operation needs that the description gives no example of. */
class Missing extends Error {}

/** Makes a request of each operation with one of the methods, from the examples, defaults and enumerations of OpenAPI 3. */
export function requestsOfOpenApi(document: unknown, methods: readonly string[]): DescribedRequests {
  const root = object(document);
  if (!isObject(root['paths'])) throw new Error('it has no paths: an OpenAPI document of version 3 has them');
  const prefix = prefixOf(root);
  const requests: WeightedRequest[] = [];
  const leftOut: string[] = [];
  for (const [template, item] of Object.entries(object(root['paths']))) {
    const shared = object(resolved(item, root));
    for (const method of methods) {
      const operation = shared[method.toLowerCase()];
      if (!isObject(operation)) continue;
      try {
        requests.push({
          weight: 1,
          request: requestOf(prefix, template, method, shared, object(operation), root),
        });
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        leftOut.push(`${method} ${template}: ${error.message}`);
      }
    }
  }
  return { requests, leftOut };
}

function requestOf(
  prefix: string,
  template: string,
  method: string,
  shared: Json,
  operation: Json,
  root: Json,
): WeightedRequest['request'] {
  const parameters = [...list(shared['parameters']), ...list(operation['parameters'])].map((parameter) =>
    object(resolved(parameter, root)),
  );
  const valueOf = (parameter: Json): string =>
    encodeURIComponent(String(exampleOf(parameter, root) as string | number | boolean));
  const needed = parameters.filter((parameter) => parameter['required'] === true);
  for (const parameter of needed) {
    if (exampleOf(parameter, root) === undefined)
      throw new Missing(`no example of ${String(parameter['name'] as string)}`);
  }
  const inPlace = (place: string): [string, string][] =>
    needed
      .filter((parameter) => parameter['in'] === place)
      .map((parameter) => [String(parameter['name'] as string), valueOf(parameter)]);
  let path = prefix + template;
  for (const [name, value] of inPlace('path')) path = path.replaceAll(`{${name}}`, value);
  if (path.includes('{')) throw new Missing('a parameter of its path is not described');
  const query = inPlace('query').map((pair) => pair.join('='));
  const headers = Object.fromEntries(
    inPlace('header').map(([name, value]) => [name.toLowerCase(), decodeURIComponent(value)]),
  );
  const body = bodyOf(operation, root);
  return {
    kind: requestName(method, prefix + template),
    method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body }),
  };
}

function bodyOf(operation: Json, root: Json): string | undefined {
  if (operation['requestBody'] === undefined) return undefined;
  const body = object(resolved(operation['requestBody'], root));
  const json = object(object(body['content'])['application/json']);
  const example = exampleOf(json, root);
  if (example !== undefined) return JSON.stringify(example);
  if (body['required'] === true) throw new Missing('no example of its body');
  return undefined;
}

/** The example of a parameter or a body, of its schema, or a value that the schema allows. */
function exampleOf(described: Json, root: Json): unknown {
  const schema = object(resolved(described['schema'], root));
  const [named] = Object.values(object(described['examples']));
  return (
    described['example'] ??
    object(resolved(named, root))['value'] ??
    schema['example'] ??
    list(schema['examples'])[0] ??
    schema['default'] ??
    list(schema['enum'])[0]
  );
}

/** Follows a reference within the document. */
function resolved(value: unknown, root: Json): unknown {
  const reference = object(value)['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return value;
  const names = reference
    .slice(2)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>((at, name) => object(at)[name], root);
}

/** The path of the first server, such as `/v1`. */
function prefixOf(root: Json): string {
  const url = object(list(root['servers'])[0])['url'];
  if (typeof url !== 'string' || !URL.canParse(url, 'http://localhost')) return '';
  return new URL(url, 'http://localhost').pathname.replace(/\/$/, '');
}

function object(value: unknown): Json {
  return isObject(value) ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
