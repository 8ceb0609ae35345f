import { readdirSync } from 'node:fs';
import ts from 'typescript';
import { read, ROOT } from './markdown.js';

/** Texts with less of their own than this, in letters and digits, could be the source of too much. */
const LEAST_OWN_CHARACTERS = 6;

/** What a text of the source can look like once its values are in. */
export interface Message {
  readonly where: string;
  readonly pattern: RegExp;
}

/** Every text in `src`: literals, templates, and whatever is put together from them with `+` and `?:`. */
export function messagesOfSource(): Message[] {
  const paths = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name}`);
  const shared = paths
    .filter((path) => path.startsWith('src/util/'))
    .flatMap((path) => [...returnedBy(parse(path))]);
  return paths.flatMap((path) => messagesOf(path, shared));
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, read(path), ts.ScriptTarget.ESNext, true);
}

/** @param shared what functions of other files return */
function messagesOf(path: string, shared: Iterable<[string, ts.Expression]>): Message[] {
  const file = parse(path);
  const returned = new Map([...shared, ...returnedBy(file)]);
  const messages: Message[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const { pattern, own } = shapeOf(node, returned);
      if (own >= LEAST_OWN_CHARACTERS) {
        const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        messages.push({ where: `${path}:${line}`, pattern: new RegExp(`^${pattern}$`, 'u') });
      }
    }
    if (!ts.isImportDeclaration(node)) ts.forEachChild(node, visit);
  };
  visit(file);
  return messages;
}

function isText(node: ts.Node): node is ts.Expression {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateExpression(node) ||
    (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
  );
}

/** What the functions of a file return that do nothing else: `milliseconds(…)` is part of a text. */
function returnedBy(file: ts.SourceFile): Map<string, ts.Expression> {
  const functions = file.statements.filter(ts.isFunctionDeclaration);
  return new Map(
    functions.flatMap(({ name, body }) => {
      const only = body?.statements.length === 1 ? body.statements[0] : undefined;
      return name && only && ts.isReturnStatement(only) && only.expression
        ? [[name.text, only.expression] as [string, ts.Expression]]
        : [];
    }),
  );
}

/** What a text of the source can look like, and how many letters and digits are its own in any case. */
interface Shape {
  readonly pattern: string;
  readonly own: number;
}

const ANYTHING: Shape = { pattern: '[^]*', own: 0 };

function shapeOf(node: ts.Node, returned: ReadonlyMap<string, ts.Expression>): Shape {
  if (ts.isParenthesizedExpression(node)) return shapeOf(node.expression, returned);
  if (ts.isStringLiteralLike(node)) return literally(node.text);
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.flatMap(({ expression, literal }) => [
      shapeOf(expression, returned),
      literally(literal.text),
    ]);
    return joined([literally(node.head.text), ...spans]);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return joined([shapeOf(node.left, returned), shapeOf(node.right, returned)]);
  }
  if (ts.isConditionalExpression(node)) {
    const [one, other] = [shapeOf(node.whenTrue, returned), shapeOf(node.whenFalse, returned)];
    return { pattern: `(?:${one.pattern}|${other.pattern})`, own: Math.min(one.own, other.own) };
  }
  const result =
    ts.isCallExpression(node) && ts.isIdentifier(node.expression)
      ? returned.get(node.expression.text)
      : undefined;
  return result ? shapeOf(result, returned) : ANYTHING;
}

function literally(text: string): Shape {
  return {
    pattern: text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
    own: text.replace(/[^\p{L}\p{N}]/gu, '').length,
  };
}

function joined(shapes: readonly Shape[]): Shape {
  return {
    pattern: shapes.map(({ pattern }) => pattern).join(''),
    own: shapes.reduce((sum, { own }) => sum + own, 0),
  };
}
