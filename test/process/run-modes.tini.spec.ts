import { beforeAll } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';
import { itDrainsUnder } from './init-process.js';

beforeAll(() => void requireTool('tini'));

itDrainsUnder('tini', ['--']);
