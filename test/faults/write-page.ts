import { writeFileSync } from 'node:fs';
import { faultsPage } from './page.js';

writeFileSync('docs/faults.md', faultsPage());
