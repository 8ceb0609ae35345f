import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

const OPTIONS = {
  url: { type: 'string' },
  ready: { type: 'string' },
  'ready-timeout': { type: 'string' },
  signal: { type: 'string' },
  grace: { type: 'string' },
  lag: { type: 'string' },
  path: { type: 'string', multiple: true },
  method: { type: 'string' },
  header: { type: 'string', multiple: true },
  body: { type: 'string' },
  stream: { type: 'string', multiple: true },
  websocket: { type: 'string', multiple: true },
  scenario: { type: 'string' },
  openapi: { type: 'string' },
  'openapi-methods': { type: 'string' },
  rate: { type: 'string' },
  duration: { type: 'string' },
  timeout: { type: 'string' },
  restarts: { type: 'string' },
  fleet: { type: 'string' },
  balancer: { type: 'string' },
  'port-variable': { type: 'string' },
  cluster: { type: 'boolean' },
  reload: { type: 'string' },
  json: { type: 'string' },
  junit: { type: 'string' },
  html: { type: 'string' },
  report: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

/** The flags of `rehearse`, as they were given. */
export type RehearseFlags = ReturnType<typeof parseFlags>;

/** Parses the arguments before `--`; throws for a flag that there is not. */
export function parseFlags(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (positionals.length > 0) {
    throw new Error(
      `put the command after --, as in nestjs-drain rehearse -- ${positionals[0]}: before it there are flags only`,
    );
  }
  return values;
}
