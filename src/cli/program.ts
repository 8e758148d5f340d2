import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { renditions } from '../index.js';
import { demo } from './commands/demo.js';
import { download, ls, rm, upload, url, whoami } from './commands/files.js';
import { login, logout } from './commands/login.js';
import { sandbox } from './commands/sandbox.js';
import { action, fail, printing } from './core/command.js';
import { version } from './core/version.js';
import { watchOutput } from './terminal/output.js';

/**
 * Runs a command. It ends with one line on stderr when something that was to be expected goes wrong, and exit code 1, or 2 when
 * it was called wrongly.
 */
export async function run(argv: string[]): Promise<void> {
  watchOutput();
  const program = new Command('doctape-sdk')
    .exitOverride() // commander then throws where it would exit, in all commands below
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .version(version)
    .description('Tools for the doctape API: your files, a local server, and a tour of the SDK');

  program
    .command('sandbox')
    .description('run a local doctape')
    .addOption(new Option('--port <number>', 'where to listen; 0 takes a free port').default(4400).argParser(parsePort))
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .addOption(
      new Option(
        '--allow-host <name>',
        'answer to this name too, such as that of a container; may be repeated',
      ).argParser((name, others: string[] = []) => [...others, name]),
    )
    .option('--data <folder>', 'keep everything in this folder (default: in memory)')
    .option('--adopt <user>', 'make files of which the folder has lost the records files of this user')
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
    .action(action(demo));

  addFileCommands(program);

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error);
    if (error.exitCode !== 0) process.exitCode = 2; // it has said why
  }
}

/** The commands that work on the files of whoever is signed in. */
function addFileCommands(program: Command): void {
  const command = (usage: string, description: string) =>
    program.command(usage).description(description).option('--json', 'print lines of JSON on stdout');

  command('login', 'sign in by the browser, and stay signed in')
    .option('--client-id <id>', 'your application; its secret is read from DOCTAPE_CLIENT_SECRET, or asked for')
    .option('--sandbox [url]', 'sign in at a local doctape (default: http://127.0.0.1:4400)')
    .option('--authorization-endpoint <url>', 'where to sign in, at another server')
    .option('--token-endpoint <url>', 'where to get the token, at another server')
    .option('--base-url <url>', 'the API of another server')
    .option('--no-browser', 'print the address to open')
    .option('--paste', 'for a browser on another machine: ask for the code that the server shows')
    .action(action(login));
  command('logout', 'delete the token from this machine').action(action(logout));
  command('whoami', 'show who is signed in').action(printing(whoami));
  command('ls', 'list the files').option('--long', 'show all there is to know').action(printing(ls));
  command('upload', 'upload files').argument('<files...>').action(action(upload));
  command('download', 'download files; one that was broken off is continued')
    .argument('<ids...>')
    .option('--output <path>', 'the file to write, or the folder to put files into (default: this folder)')
    .addOption(new Option('--rendition <name>', 'what of the file').choices(renditions).default('original'))
    .option('--force', 'replace a file that exists')
    .action(action(download));
  command('url', 'print the address of a file, with your token in it')
    .argument('<id>')
    .addArgument(new Argument('[rendition]').choices(renditions))
    .action(printing(url));
  command('rm', 'delete files for good').argument('<ids...>').option('--yes', 'do not ask').action(action(rm));
}

/** Commander quotes what it did not expect, and that may be a secret: `--client-secret=...`, or a code behind `--paste`. */
function withoutValues(problem: string): string {
  return problem
    .replace(/^(error: unknown option '[^'=]*)=.*'/s, "$1'")
    .replace(/^(error: too many arguments.* but got \d+): .*/s, '$1.\n');
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}
