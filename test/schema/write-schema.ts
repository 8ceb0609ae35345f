import { writeFileSync } from 'node:fs';
import { reportSchema } from './report-schema.js';

writeFileSync('report.schema.json', `${JSON.stringify(reportSchema('src/core/report.ts'), undefined, 2)}\n`);
