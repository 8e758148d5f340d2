import type { Command } from 'commander';

/** What a shell completes for a command. */
export interface CommandDescription {
  name: string;
  description: string;
  options: OptionDescription[];
  /** The values that an argument can have. */
  values: string[];
  /** Whether the arguments are local files. */
  takesFiles: boolean;
}

export interface OptionDescription {
  short: string | undefined;
  long: string;
  description: string;
  takesValue: boolean;
  /** The values that it can have. */
  values: string[];
  /** Whether the value is a path. */
  takesPath: boolean;
}

/** Describes all commands of the program. */
export function describeCommands(program: Command): CommandDescription[] {
  const described = program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [
      ...command.options.map(({ short, long, flags, description, required, optional, argChoices }) => ({
        short,
        long: long ?? '',
        description,
        takesValue: required || optional,
        values: [...(argChoices ?? [])],
        takesPath: /<(file|folder|path)>/.test(flags),
      })),
      { short: '-h', long: '--help', description: 'show help', takesValue: false, values: [], takesPath: false },
    ],
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    takesFiles: command.name() === 'upload',
  }));
  const names = described.map(({ name }) => name);
  const help = { name: 'help', description: 'show help', options: [], values: names, takesFiles: false };
  return [...described, help];
}

/** Quotes a text for bash, zsh and fish, where a quote ends before an apostrophe. Our texts have no backslashes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
