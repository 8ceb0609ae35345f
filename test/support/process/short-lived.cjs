// Loaded first by the programs of tests: see FLAGS in program.ts. As an option of node, worker threads would refuse it.
require('node:v8').setFlagsFromString('--no-opt');
