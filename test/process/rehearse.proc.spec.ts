import { describe } from '@jest/globals';
import { testFaultsOn } from './rehearsal-faults.js';

describe.each(['node:http', 'Express', 'Fastify'] as const)(
  'a rehearsal of an application on %s',
  (platform) => {
    testFaultsOn(platform);
  },
);
