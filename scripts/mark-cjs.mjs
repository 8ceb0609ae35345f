import { writeFileSync } from 'node:fs';

// dist/cjs holds CommonJS inside a "type": "module" package.
writeFileSync(new URL('../dist/cjs/package.json', import.meta.url), '{ "type": "commonjs" }\n');
