import { Command, InvalidArgumentError, Option } from 'commander';
import { DoctapeError } from '../index.js';
import { demo } from './demo.js';
import { sandbox } from './sandbox.js';
import { version } from './version.js';

/** Runs a command. It ends with exit code 1 and one line on stderr when something that was to be expected goes wrong. */
export async function run(argv: string[]): Promise<void> {
  const program = new Command('doctape-sdk')
    .version(version)
    .description('Tools for the doctape API: a local server, and a tour of the SDK');

  program
    .command('sandbox')
    .description('run a local doctape')
    .addOption(new Option('--port <number>', 'where to listen; 0 takes a free port').default(4400).argParser(parsePort))
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--data <folder>', 'keep everything in this folder (default: in memory)')
    .option('--config <file>', 'a JSON file with users and apps of your own')
    .option('--auto-approve <user>', 'approve every sign-in as this user, without a page')
    .option('--faults <spec>', 'make things go wrong, such as latency=200,status=503@0.1')
    .option('--quirks <names>', 'what doctape did beside its documentation, such as no-error-key,jsonp')
    .option('--json', 'print one line of JSON when ready, and nothing else')
    .action(sandbox);

  program
    .command('demo')
    .description('see the whole SDK at work: sign in, upload, list, link, download, delete')
    .option('--keep', 'leave the sandbox running afterwards')
    .action(demo);

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof DoctapeError)) throw error;
    console.error(`doctape-sdk: ${error.message}`);
    process.exitCode = 1;
  }
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}
