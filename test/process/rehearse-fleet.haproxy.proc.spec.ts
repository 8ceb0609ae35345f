import { beforeAll, describe } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';
import { testBalancerThatEnds, testFleetBehind } from './rehearsed-fleets.js';

beforeAll(() => void requireTool('haproxy'));

describe('a rehearsal of several instances behind HAProxy', () => {
  testFleetBehind('haproxy', 'haproxy');
  testBalancerThatEnds('haproxy');
});
