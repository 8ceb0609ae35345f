/** The subprotocols of GraphQL over WebSocket. The package `graphql-ws` uses the first, not the one of its name. */
const PROTOCOLS: ReadonlySet<string> = new Set(['graphql-transport-ws', 'graphql-ws']);
/** The message types that request an operation, in the newer and in the older protocol. */
const TYPES: ReadonlySet<unknown> = new Set(['subscribe', 'start']);

/** Matches strings, comments, brackets, words, and the names of directives and variables. */
const TOKEN = /"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n\r]*|[{}()[\]]|[@$]?[_A-Za-z]\w*/g;
const WORD = /^\w/;

/** An operation that a message requests from a GraphQL server. */
export interface GraphqlOperation {
  /** `operation` if the message names a document instead of including one. */
  readonly type: 'query' | 'mutation' | 'subscription' | 'operation';
  readonly name: string | undefined;
}

/** Whether a subprotocol is one of GraphQL. */
export function isGraphqlProtocol(protocol: string): boolean {
  return PROTOCOLS.has(protocol);
}

/** Returns the operation that a message requests, if any. */
export function operationIn(message: unknown): GraphqlOperation | undefined {
  const { type, payload } = parse(message);
  if (!TYPES.has(type)) return undefined;
  const { query, operationName } = Object(payload) as Record<string, unknown>;
  const wanted = typeof operationName === 'string' && operationName !== '' ? operationName : undefined;
  const operations = typeof query === 'string' ? operationsOf(query) : [];
  const found = operations.find(({ name }) => wanted === undefined || name === wanted);
  return found ?? { type: 'operation', name: wanted };
}

function parse(message: unknown): Record<string, unknown> {
  try {
    return Object(JSON.parse(String(message))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Returns the operations of a document. The words before an outermost pair of braces are the head of a definition. */
function operationsOf(document: string): GraphqlOperation[] {
  const found: GraphqlOperation[] = [];
  let depth = 0;
  let head: string[] = [];
  for (const [token] of document.matchAll(TOKEN)) {
    if (depth === 0 && token === '{') {
      const [type = 'query', name] = head;
      if (isOperation(type)) found.push({ type, name });
      head = [];
    }
    if ('{(['.includes(token)) depth += 1;
    else if ('})]'.includes(token)) depth -= 1;
    else if (depth === 0 && WORD.test(token)) head.push(token);
  }
  return found;
}

function isOperation(word: string): word is 'query' | 'mutation' | 'subscription' {
  return word === 'query' || word === 'mutation' || word === 'subscription';
}
