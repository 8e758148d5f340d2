#!/usr/bin/env node
// The command `doctape-sdk`.
import { run } from './cli/program.js';

run(process.argv);
