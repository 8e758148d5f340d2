import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { renditions } from '../index.js';
import { demo } from './commands/demo.js';
import { download, ls, rm, upload, url, whoami } from './commands/files.js';
import { login, logout } from './commands/login.js';
import { sandbox } from './commands/sandbox.js';
import { action, printingAction } from './core/action.js';
import { reportError } from './core/errors.js';
import { version } from './core/version.js';
import { handleOutputErrors } from './terminal/output.js';

/** Runs the command line. An expected failure is reported in one line on stderr, with exit code 1, or 2 for a wrong command line. */
export async function run(argv: string[]): Promise<void> {
  handleOutputErrors();
  const program = new Command('doctape-sdk')
    .exitOverride() // makes commander throw where it would exit, in the subcommands too
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .version(version)
    .description('Tools for the doctape API: manage your files, run a local server, take a tour of the SDK');

  program
    .command('sandbox')
    .description('run a local doctape server')
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 selects a free port').default(4400).argParser(parsePort),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option(
        '--allow-host <name>',
        'also accept this host name, such as the name of a container; repeatable',
      ).argParser((name, others: string[] = []) => [...others, name]),
    )
    .option('--data <folder>', 'store everything in this folder (default: in memory)')
    .option('--adopt <user>', 'make this user the owner of stored files whose records are missing')
    .option('--config <file>', 'read users and apps from this JSON file')
    .option('--auto-approve <user>', 'approve every sign-in as this user, without showing a page')
    .option('--faults <spec>', 'inject faults, such as latency=200,status=503@0.1')
    .option('--quirks <names>', 'enable undocumented behaviour of doctape, such as no-error-key,jsonp')
    .option('--quiet', 'do not log requests on stderr')
    .option('--json', 'print one line of JSON when ready, and nothing else on stdout')
    .action(sandbox);

  program
    .command('demo')
    .description('take a tour of the SDK: sign in, upload, list, link, download, delete')
    .option('--keep', 'keep the sandbox running afterwards')
    .action(action(demo));

  addFileCommands(program);

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    if (error.exitCode !== 0) process.exitCode = 2; // commander has printed the message
  }
}

/** The commands for the files of the signed-in user. */
function addFileCommands(program: Command): void {
  const command = (usage: string, description: string) =>
    program.command(usage).description(description).option('--json', 'print JSON lines on stdout');

  command('login', 'sign in with a browser and store the token')
    .option('--client-id <id>', 'your application; its secret is read from DOCTAPE_CLIENT_SECRET or prompted for')
    .option('--sandbox [url]', 'sign in to a local sandbox (default: http://127.0.0.1:4400)')
    .option('--authorization-endpoint <url>', 'authorization endpoint of another server')
    .option('--token-endpoint <url>', 'token endpoint of another server')
    .option('--base-url <url>', 'API base URL of another server')
    .option('--no-browser', 'print the sign-in URL instead of opening it')
    .option('--paste', 'prompt for the code that the server shows, for a browser on another machine')
    .action(action(login));
  command('logout', 'delete the stored token').action(action(logout));
  command('whoami', 'show the signed-in user').action(printingAction(whoami));
  command('ls', 'list files').option('--long', 'show all columns').action(printingAction(ls));
  command('upload', 'upload files').argument('<files...>').action(action(upload));
  command('download', 'download files, and resume interrupted downloads')
    .argument('<ids...>')
    .option('--output <path>', 'file or existing folder to write to (default: current folder)')
    .addOption(new Option('--rendition <name>', 'rendition of the file').choices(renditions).default('original'))
    .option('--force', 'replace existing files')
    .action(action(download));
  command('url', 'print the URL of a file, which contains your token')
    .argument('<id>')
    .addArgument(new Argument('[rendition]').choices(renditions))
    .action(printingAction(url));
  command('rm', 'delete files permanently')
    .argument('<ids...>')
    .option('--yes', 'do not ask for confirmation')
    .action(action(rm));
}

/** Commander quotes unexpected arguments. They can be secrets, such as `--client-secret=...` or a code after `--paste`. */
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
