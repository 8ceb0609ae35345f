import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LocatedError, type Located, type Place } from './located.js';

/** What is used of the package `yaml`, from version 2 on. */
interface Yaml {
  readonly LineCounter: new () => {
    linePos(offset: number): { readonly line: number; readonly col: number };
  };
  parseDocument(text: string, options: object): YamlDocument;
  isMap(
    node: unknown,
  ): node is { readonly items: readonly { readonly key: YamlNode; readonly value: YamlNode }[] };
  isSeq(node: unknown): node is { readonly items: readonly YamlNode[] };
  isAlias(node: unknown): node is { resolve(document: YamlDocument): YamlNode };
}
interface YamlDocument {
  readonly contents: YamlNode | null;
  readonly errors: readonly { readonly message: string; readonly pos: readonly [number, number] }[];
}
interface YamlNode {
  readonly range?: readonly [number, number, number] | null;
  readonly value?: unknown;
}

/** Parses YAML with the package `yaml` of the project, and keeps where each value is; `file` names it in errors. */
export function parseLocatedYaml(text: string, file: string, project: string): Located {
  const yaml = loadYaml(file, project);
  const lineCounter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const [error] = document.errors;
  if (error) throw new LocatedError(file, placeOf(error.pos[0]), error.message);

  const locate = (node: YamlNode | null): Located => {
    if (yaml.isAlias(node)) return locate(node.resolve(document));
    const place = placeOf(node?.range?.[0] ?? 0);
    if (yaml.isSeq(node)) return { ...place, value: node.items.map(locate) };
    if (!yaml.isMap(node))
      return { ...place, value: (node?.value ?? null) as string | number | boolean | null };
    const properties = node.items.map(({ key, value }) => {
      const { line, column } = locate(key);
      return [String(key.value as string), { key: { line, column }, value: locate(value) }] as const;
    });
    return { ...place, value: new Map(properties) };
  };
  return locate(document.contents);
}

function loadYaml(file: string, project: string): Yaml {
  const load = createRequire(join(project, 'package.json'));
  try {
    return load('yaml') as Yaml;
  } catch (error) {
    throw new Error(
      `${file} is YAML, and the project has no package to read it with: npm install --save-dev yaml, or write it as JSON`,
      { cause: error },
    );
  }
}
