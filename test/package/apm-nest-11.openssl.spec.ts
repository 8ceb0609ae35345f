import { describe } from '@jest/globals';
import { testAgents } from './apm-tests.js';

describe('agents of observability vendors, with Nest 11', () => {
  testAgents('apm-nest-11');
});
