import { describe } from '@jest/globals';
import { testAgents } from './apm-tests.js';

describe('agents of observability vendors, with Nest 12', () => {
  testAgents('apm-nest-12');
});
