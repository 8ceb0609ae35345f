import { describe } from '@jest/globals';
import { testTemplate } from './template-tests.js';

describe('the template of @nestjs/cli 12', () => {
  testTemplate({ name: 'nest-12', nest: 12, format: 'esm' });
});
