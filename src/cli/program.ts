import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addAccountCommands } from './account/account-commands.js';
import { addCompletionCommand } from './completion/completion-command.js';
import { action } from './core/action.js';
import { define } from './core/define.js';
import { reportError } from './core/errors.js';
import { version } from './core/version.js';
import { addFileCommands } from './files/file-commands.js';
import { addSharingCommands } from './sharing/sharing-commands.js';
import { handleOutputErrors } from './terminal/output.js';
import { addTransferCommands } from './transfers/transfer-commands.js';

/** Runs the command line. An expected failure is reported in one line on stderr, with exit code 1, or 2 for a wrong command line. */
export async function run(argv: string[]): Promise<void> {
  handleOutputErrors();
  const program = new Command('doctape-sdk')
    .exitOverride() // makes commander throw where it would exit, in the subcommands too
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .version(version)
    .description('Tools for the doctape API: manage your files, run a local server, take a tour of the SDK');

  define(program, {
    usage: 'sandbox',
    description: 'run a local doctape server',
    examples: [
      ['sandbox --data ./doctape-data', 'keep the files in a folder'],
      ['sandbox --port 0 --json', 'for programs: a free port, described in JSON'],
    ],
  })
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 selects a free port').default(4400).argParser(parsePort),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option(
        '--allow-host <name>',
        'also accept this host name, or this origin of a proxy that uses TLS, such as https://files.example.com; repeatable',
      ).argParser((name, others: string[] = []) => [...others, name]),
    )
    .option('--data <folder>', 'store everything in this folder (default: in memory)')
    .option('--adopt <user>', 'make this user the owner of stored files whose records are missing')
    .option('--convert', 'convert media and office files with ffmpeg and LibreOffice, if they are installed')
    .option('--config <file>', 'read users and apps from this JSON file')
    .option('--auto-approve <user>', 'approve every sign-in as this user, without showing a page')
    .option('--faults <spec>', 'inject faults, such as latency=200,status=503@0.1')
    .option('--quirks <names>', 'enable undocumented behaviour of doctape, such as no-error-key,jsonp')
    .option('--quiet', 'do not log requests on stderr')
    .option('--json', 'print one line of JSON when ready, and nothing else on stdout')
    .action(async (flags) => (await import('./commands/sandbox.js')).sandbox(flags));

  define(program, {
    usage: 'demo',
    description: 'take a tour of the SDK: sign in, upload, list, link, download, delete',
    examples: [
      ['demo', 'takes a few seconds'],
      ['demo --keep', 'look around afterwards'],
    ],
  })
    .option('--keep', 'keep the sandbox running afterwards')
    .action(action(async () => (await import('./commands/demo.js')).demo));

  addAccountCommands(program);
  addFileCommands(program);
  addSharingCommands(program);
  addTransferCommands(program);
  addCompletionCommand(program);

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    if (error.exitCode !== 0) process.exitCode = 2; // commander has printed the message
  }
}

/** Commander quotes unexpected arguments. They can be secrets, such as `--client-secret=...` or a code after `--paste`. */
function withoutValues(problem: string): string {
  return problem
    .replace(/^(error: option '[^']*') argument '.*' (is invalid)/s, '$1 $2')
    .replace(/^error: command-argument value '.*' is invalid for (argument '\w+')/s, 'error: $1 is invalid')
    .replace(/^(error: unknown option '[^'=]*)=.*'/s, "$1'")
    .replace(/^(error: too many arguments.* but got \d+): .*/s, '$1.\n');
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}
