import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';

// The parts of a user's environment that tests must not depend on. The configurations of vitest import this first.

// Programs that tests start would color what they print, and the tests look for plain text.
delete process.env.FORCE_COLOR;

// The settings of a user of the command line, such as DOCTAPE_TOKEN, are not those of the users in tests.
for (const name of Object.keys(process.env)) if (name.startsWith('DOCTAPE_')) delete process.env[name];

// Tests compare paths in the temporary folder, which is a link on macOS, and can be relative.
const temporary = tmpdir();
if (!existsSync(temporary))
  throw new Error(`The temporary folder ${temporary} does not exist: create it, or unset TMPDIR`);
process.env[process.platform === 'win32' ? 'TEMP' : 'TMPDIR'] = realpathSync.native(temporary);
