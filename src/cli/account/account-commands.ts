import type { Command } from 'commander';
import { action, printingAction } from '../core/action.js';
import { define, jsonOption } from '../core/define.js';

/** Adds `login`, `logout` and `whoami`. */
export function addAccountCommands(program: Command): void {
  define(program, {
    usage: 'login',
    description: 'sign in with a browser and store the token',
    examples: [
      ['login --sandbox', 'the local sandbox, with its built-in application'],
      ['login --client-id ID --read-only', 'only look at files'],
    ],
  })
    .option('--client-id <id>', 'your application; its secret is read from DOCTAPE_CLIENT_SECRET or prompted for')
    .option('--sandbox [url]', 'sign in to a local sandbox (default: http://127.0.0.1:4400)')
    .option('--authorization-endpoint <url>', 'authorization endpoint of another server')
    .option('--token-endpoint <url>', 'token endpoint of another server')
    .option('--base-url <url>', 'API base URL of another server')
    .option('--read-only', 'request only the permissions to read')
    .option('--no-browser', 'print the sign-in URL instead of opening it')
    .option('--paste', 'prompt for the code that the server shows, for a browser on another machine')
    .option(...jsonOption)
    .action(action(async () => (await import('./login.js')).login));
  define(program, {
    usage: 'logout',
    description: 'delete the stored token',
    examples: [
      ['logout', 'sign out'],
      ['logout --json', 'prints {"signedOut":true}'],
    ],
  })
    .option(...jsonOption)
    .action(action(async () => (await import('./login.js')).logout));
  define(program, {
    usage: 'whoami',
    description: 'show the signed-in user, the server and the used storage',
    examples: [
      ['whoami', 'for people'],
      ['whoami --json', 'for programs'],
    ],
  })
    .option(...jsonOption)
    .action(printingAction(async () => (await import('./whoami.js')).whoami));
}
