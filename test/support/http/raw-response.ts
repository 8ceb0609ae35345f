/** A response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case; `undefined` when absent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** The complete responses at the beginning of `text`; interim ones (1xx) are left out. */
export function parseResponses(text: string): readonly RawResponse[] {
  const responses: RawResponse[] = [];
  for (let rest = text; rest !== '';) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) break;
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 2),
      ]),
    );
    rest = rest.slice(headEnd + 4);
    if (status < 200) continue;
    const body = takeBody(headers, rest);
    if (!body) break;
    responses.push({ status, headers, body: body.text });
    rest = rest.slice(body.length);
  }
  return responses;
}

function takeBody(
  headers: Readonly<Record<string, string | undefined>>,
  rest: string,
): { text: string; length: number } | undefined {
  if (headers['transfer-encoding'] !== 'chunked') {
    const length = Number(headers['content-length'] ?? 0);
    return rest.length < length ? undefined : { text: rest.slice(0, length), length };
  }
  let text = '';
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return { text, length: next };
    text += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}
