#!/usr/bin/env node
import { runCommandLine } from './command-line.js';

void runCommandLine(process.argv.slice(2)).then(({ stdout, stderr, exitCode }) => {
  if (stdout !== undefined) console.log(stdout);
  if (stderr !== undefined) console.error(stderr);
  process.exitCode = exitCode;
});
