import { describe } from '@jest/globals';
import { testFaultsOn } from './rehearsal-faults.js';

describe.each(['Nest on Express', 'Nest on Fastify'] as const)(
  'a rehearsal of an application of %s',
  (platform) => {
    testFaultsOn(platform);
  },
);
