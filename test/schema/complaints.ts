import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import type { Schema } from './report-schema.js';

export const SCHEMA_FILE = fileURLToPath(new URL('../../report.schema.json', import.meta.url));

/** What the schema in the package has against a report; of properties that it does not know, too. */
export function complaintsAbout(report: unknown): string[] {
  const validate = new Ajv({ allErrors: true }).compile(
    closed(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as Schema),
  );
  validate(report);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Readers have to bear properties that are new; whoever writes has to name them. */
function closed(schema: Schema): Schema {
  const inner = Object.entries(schema).map(([keyword, value]) => [
    keyword,
    typeof value === 'object' && value !== null && !Array.isArray(value) ? closed(value as Schema) : value,
  ]);
  return {
    ...Object.fromEntries(inner),
    ...('properties' in schema && schema['type'] === 'object' && { additionalProperties: false }),
  };
}
