import { describe, expect, it } from '@jest/globals';
import { describeReason } from '../../../src/core/reason.js';

describe('describeReason', () => {
  it.each([
    [{ kind: 'signal', signal: 'SIGTERM' }, 'SIGTERM'],
    [{ kind: 'signal', message: 'shutdown message' }, 'shutdown message'],
    [{ kind: 'signal' }, 'signal'],
    [{ kind: 'manual', message: 'new release' }, 'manual: new release'],
    [{ kind: 'close' }, 'close'],
  ] as const)('%j', (reason, text) => {
    expect(describeReason(reason)).toBe(text);
  });
});
