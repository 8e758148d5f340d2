import { Argument, type Command } from 'commander';
import { printingAction } from '../core/action.js';
import { define } from '../core/define.js';
import { print } from '../terminal/output.js';
import { bashScript } from './bash.js';
import { describeCommands } from './describe-commands.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Adds `completion`, which completes commands, options and their values. It does not ask the server for names of files. */
export function addCompletionCommand(program: Command): void {
  define(program, {
    usage: 'completion',
    description: 'print a script that completes commands and options in your shell',
    examples: [
      ['completion bash > ~/.local/share/bash-completion/completions/doctape-sdk', 'bash'],
      ['completion zsh > ~/.zfunc/_doctape-sdk', 'zsh, with ~/.zfunc in fpath'],
      ['completion fish > ~/.config/fish/completions/doctape-sdk.fish', 'fish'],
    ],
  })
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .action(
      printingAction(async () => async (_signal, shell: keyof typeof scripts) => {
        print(scripts[shell](describeCommands(program)));
      }),
    );
}
