import { beforeAll, describe } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';
import { testBalancerThatEnds, testFleetBehind } from './rehearsed-fleets.js';

beforeAll(() => void requireTool('nginx'));

describe('a rehearsal of several instances behind nginx', () => {
  testFleetBehind('nginx', 'nginx');
  testBalancerThatEnds('nginx');
});
