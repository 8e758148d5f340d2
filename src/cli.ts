#!/usr/bin/env node
// The `doctape-sdk` command.
import { run } from './cli/program.js';

run(process.argv);
