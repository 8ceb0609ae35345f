/** The subprotocols in which a message may ask for an operation: `graphql-ws` is the older one, whose name stuck to the package of the newer. */
const PROTOCOLS: ReadonlySet<string> = new Set(['graphql-transport-ws', 'graphql-ws']);
/** What such a message is called in the one and in the other. */
const TYPES: ReadonlySet<unknown> = new Set(['subscribe', 'start']);

/** Strings, comments, brackets, words, and names of directives and variables. */
const TOKEN = /"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n\r]*|[{}()[\]]|[@$]?[_A-Za-z]\w*/g;
const WORD = /^\w/;

/** What a message asks a GraphQL server for. */
export interface GraphqlOperation {
  /** Unknown where the client sent no document, but the name of one. */
  readonly type: 'query' | 'mutation' | 'subscription' | 'operation';
  readonly name: string | undefined;
}

/** Whether what is said on a socket is GraphQL. */
export function speaksGraphql(protocol: string): boolean {
  return PROTOCOLS.has(protocol);
}

/** The operation that a message asks for; nothing, if it asks for none. */
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

/** The operations of a document: what precedes each pair of outer braces is a definition's head. */
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
