import { describe } from '@jest/globals';
import { testFleetBehind } from './rehearsed-fleets.js';

describe('a rehearsal of several instances behind HAProxy', () => {
  testFleetBehind('haproxy', 'haproxy');
});
