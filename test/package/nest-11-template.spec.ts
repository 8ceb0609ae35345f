import { describe } from '@jest/globals';
import { testTemplate } from './template-tests.js';

describe('the template of @nestjs/cli 11', () => {
  testTemplate({ name: 'nest-11', nest: 11, format: 'cjs' });
});
