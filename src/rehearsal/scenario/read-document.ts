import { readFileSync } from 'node:fs';
import { parseLocatedJson } from './located-json.js';
import { parseLocatedYaml } from './located-yaml.js';
import type { Located } from './located.js';

/** Reads a document of JSON or YAML, by the end of its name. */
export function readDocument(file: string): Located {
  const text = readFileSync(file, 'utf8');
  return /\.ya?ml$/i.test(file) ? parseLocatedYaml(text, file, process.cwd()) : parseLocatedJson(text, file);
}
