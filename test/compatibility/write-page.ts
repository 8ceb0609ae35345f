import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { compatibilityPage } from './page.js';
import type { Knowledge } from './page.js';

const { engines, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string };
  peerDependencies: Knowledge['peers'];
};
const built = (path: string): string => pathToFileURL(`build/${path}`).href;
const { KNOWN_CLIENTS } = (await import(built('resources/known-clients.js'))) as {
  KNOWN_CLIENTS: Knowledge['clients'];
};
const { PROBES } = (await import(built('nest/integrations/probes.js'))) as { PROBES: Knowledge['probes'] };

writeFileSync(
  'docs/compatibility.md',
  compatibilityPage({
    clients: KNOWN_CLIENTS,
    probes: PROBES,
    peers: peerDependencies,
    node: engines.node,
  }),
);
