import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { repository } from './paths.js';

// The parts of a user's environment that tests must not depend on. The configurations of vitest import this first.

const [refused] = /['#?%]/.exec(repository) ?? [];
if (refused) throw new Error(`vitest cannot run tests in ${repository}: move the clone to a path without ${refused}`);

// Programs that tests start would color what they print, and the tests look for plain text.
delete process.env.FORCE_COLOR;

// The servers of tests are on this machine, and a proxy would not reach them.
delete process.env.NODE_USE_ENV_PROXY;

// Shells warn if LC_ALL is not installed, between the lines that tests read. They accept any LANG.
if (process.env.LC_ALL) process.env.LANG = process.env.LC_ALL;
delete process.env.LC_ALL;

// Tests compare paths in the temporary folder, which is a link on macOS, and can be relative.
const temporary = tmpdir();
if (!existsSync(temporary))
  throw new Error(`the temporary folder ${temporary} does not exist: create it, or change TMPDIR`);
process.env[process.platform === 'win32' ? 'TEMP' : 'TMPDIR'] = realpathSync.native(temporary);
