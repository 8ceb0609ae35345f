import { describe, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { runIn, WAYS, type Situations } from './compare.js';
import { HTTP } from './http.js';
import { LIFECYCLES } from './lifecycles.js';
import { PROVIDERS } from './providers.js';
import { TESTING_MODULES } from './testing-modules.js';
import type { AdapterName } from './bench.js';

guardAgainstLeaks();

const TABLE: Readonly<Record<string, Situations>> = {
  providers: PROVIDERS,
  'testing modules': TESTING_MODULES,
  HTTP,
  'life cycles': LIFECYCLES,
};

const ADAPTERS: readonly AdapterName[] = ['Express', 'Fastify'];

describe.each(Object.entries(TABLE))('as on bare Nest: %s', (_group, situations) => {
  describe.each(ADAPTERS)('on %s', (adapter) => {
    it.each(Object.entries(situations))('%s', async (_name, situation) => {
      const bare = await runIn([], adapter, situation);
      for (const { name, imports, compares } of WAYS) {
        const withModule = await runIn(imports(), adapter, situation);
        expect({ name, ...withModule, notes: compares(withModule.notes) }).toEqual({
          name,
          ...bare,
          notes: compares(bare.notes),
        });
      }
    });
  });
});
