import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A fenced block of a document. */
export interface CodeBlock {
  /** The document, relative to the root. */
  readonly path: string;
  /** The line of its fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

export function read(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

/** README.md and the guides, relative to the root. */
export function guides(): string[] {
  const names = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md'));
  return ['README.md', ...names.map((name) => `docs/${name}`)];
}

/** The fenced blocks of a document in these languages. */
export function codeBlocks(path: string, ...languages: readonly string[]): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { line: number; fence: string; language: string; code: string[] } | undefined;
  for (const [index, text] of read(path).split('\n').entries()) {
    const [, fence, language] = /^(```+)(\w*)/.exec(text) ?? [];
    if (!open) {
      if (fence !== undefined && language !== undefined)
        open = { line: index + 1, fence, language, code: [] };
    } else if (text === open.fence) {
      blocks.push({ path, line: open.line, language: open.language, code: open.code.join('\n') });
      open = undefined;
    } else open.code.push(text);
  }
  if (open) throw new Error(`${path}:${open.line}: a fence that nothing closes`);
  return blocks.filter((block) => languages.includes(block.language));
}

/** The text of a section, from its heading to the next one of its rank or above. */
export function section(path: string, heading: string): string {
  const lines = withoutCode(read(path)).split('\n');
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (from === -1) throw new Error(`${path} has no section "${heading}"`);
  const rank = lines[from]!.indexOf(' ');
  const length = lines.slice(from + 1).findIndex((line) => {
    const other = /^#+(?= )/.exec(line)?.[0].length;
    return other !== undefined && other <= rank;
  });
  return lines.slice(from, length === -1 ? undefined : from + 1 + length).join('\n');
}

/** The rows of the first table in a text, without its head; each a list of cells. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => /^\|[ :|-]+\|$/.test(line)) + 1;
  if (from === 0) throw new Error(`there is no table in "${lines[0]}"`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  return lines.slice(from, length === -1 ? undefined : from + length).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

/** A document with its fenced blocks blanked out, line by line. */
export function withoutCode(text: string): string {
  let inside = false;
  return text
    .split('\n')
    .map((line) => {
      const isFence = line.startsWith('```');
      if (isFence) inside = !inside;
      return inside || isFence ? '' : line;
    })
    .join('\n');
}
