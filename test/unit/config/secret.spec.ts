import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { Secret } from '../../../src/config/secret.js';

describe('a secret', () => {
  const secret = new Secret('open-sesame-open-sesame');

  it('is matched by itself only', () => {
    expect(secret.matches('open-sesame-open-sesame')).toBe(true);
    for (const candidate of [
      '',
      'open-sesame-open-sesam',
      'open-sesame-open-sesame ',
      'OPEN-SESAME-OPEN-SESAME',
    ]) {
      expect(secret.matches(candidate)).toBe(false);
    }
  });

  it('cannot be read back', () => {
    const shown = [
      JSON.stringify(secret),
      inspect(secret, { showHidden: true }),
      Object.values(secret),
    ].join();
    expect(shown).not.toContain('sesame');
  });
});
