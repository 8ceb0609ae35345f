import { readFileSync } from 'node:fs';
import { messageOf } from '../../core/errors.js';
import { requestName, type RehearsalPlan, type WeightedRequest } from '../plan.js';
import { plain } from '../scenario/located.js';
import { requestsOfOpenApi, type DescribedRequests } from '../scenario/openapi.js';
import { readDocument } from '../scenario/read-document.js';
import { scenarioOf, type Scenario } from '../scenario/scenario.js';
import type { RehearseFlags } from './flags.js';
import type { FlagReader } from './flag-reader.js';

/** What clients do, by flags and files. */
export type Clients = Pick<RehearsalPlan, 'requests' | 'remarks' | 'headers' | 'streams' | 'webSockets'> & {
  /** Requests a second, if a file says it. */
  readonly rate?: number;
};

/** Reads what clients do; what is wrong is among the problems of the reader. */
export function clientsOf(flags: RehearseFlags, reader: FlagReader): Clients {
  const scenario = readScenario(flags.scenario, reader);
  const described = readOpenApi(flags, reader);
  const headers = reader.headers('--header', flags.header ?? []);
  return {
    ...(scenario.rate !== undefined && { rate: scenario.rate }),
    headers,
    requests: requestsOf(flags, [...scenario.requests, ...described.requests], headers, reader),
    remarks: remarksOn(flags, described),
    streams: [...scenario.streams, ...reader.paths('--stream', flags.stream ?? [])],
    webSockets: [...scenario.webSockets, ...reader.paths('--websocket', flags.websocket ?? [])],
  };
}

const NO_SCENARIO: Scenario = { requests: [], streams: [], webSockets: [] };

function remarksOn(
  { path, scenario, openapi }: RehearseFlags,
  { leftOut }: DescribedRequests,
): readonly string[] {
  const isDefault = path === undefined && scenario === undefined && openapi === undefined;
  return isDefault
    ? ['asks / only: say with --path, --scenario or --openapi what your clients ask']
    : leftOut.map((request) => `left out ${request}`);
}

function readScenario(file: string | undefined, reader: FlagReader): Scenario {
  if (file === undefined) return NO_SCENARIO;
  try {
    return scenarioOf(readDocument(file), file);
  } catch (error) {
    reader.problems.push(messageOf(error));
    return NO_SCENARIO;
  }
}

function readOpenApi(flags: RehearseFlags, reader: FlagReader): DescribedRequests {
  const file = flags.openapi;
  if (file === undefined) return { requests: [], leftOut: [] };
  const methods = reader.methods('--openapi-methods', (flags['openapi-methods'] ?? 'GET').split(','));
  try {
    const described = requestsOfOpenApi(plain(readDocument(file)), methods);
    if (described.requests.length === 0) {
      const why = [`no request can be made of it with ${methods.join(', ')}`, ...described.leftOut].join(
        '; ',
      );
      reader.problems.push(`--openapi ${file}: ${why}`);
    }
    return described;
  } catch (error) {
    reader.problems.push(`--openapi ${file}: ${messageOf(error)}`);
    return { requests: [], leftOut: [] };
  }
}

/** Requests of files and of flags; without any, `/`. */
function requestsOf(
  flags: RehearseFlags,
  requests: readonly WeightedRequest[],
  headers: Readonly<Record<string, string>>,
  reader: FlagReader,
): readonly WeightedRequest[] {
  const body = bodyOf(flags.body, reader);
  const [method = 'GET'] = reader.methods('--method', [
    flags.method ?? (body === undefined ? 'GET' : 'POST'),
  ]);
  const asked = reader.paths('--path', flags.path ?? (requests.length === 0 ? ['/'] : [])).map((path) => ({
    weight: 1,
    request: { kind: requestName(method, path), method, path, headers, ...(body !== undefined && { body }) },
  }));
  const described = requests.map(({ weight, request }) => ({
    weight,
    request: { ...request, headers: { ...headers, ...request.headers } },
  }));
  return [...described, ...asked];
}

/** The text itself, or with `@` the content of a file. */
function bodyOf(text: string | undefined, reader: FlagReader): string | undefined {
  if (!text?.startsWith('@')) return text;
  try {
    return readFileSync(text.slice(1), 'utf8');
  } catch (error) {
    reader.problems.push(`--body names a file that cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}
