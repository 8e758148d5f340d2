import type { Command } from 'commander';

/** A command of the program. */
export interface Definition {
  /** The name and the arguments, such as `rm <files...>`. */
  usage: string;
  description: string;
  /** Command lines without the name of the program, and what each one does. */
  examples: readonly [line: string, comment: string][];
  /** More text for `--help`. */
  notes?: string;
}

/** Adds a command with examples in its help. */
export function define(program: Command, { usage, description, examples, notes }: Definition): Command {
  const widest = Math.max(...examples.map(([line]) => line.length));
  const rows = examples.map(([line, comment]) => `  $ doctape-sdk ${line.padEnd(widest)}  # ${comment}`);
  return program
    .command(usage)
    .description(description)
    .addHelpText('after', `\nExamples:\n${rows.join('\n')}${notes ? `\n\n${notes}` : ''}`);
}

/** The option of commands that print results for programs. */
export const jsonOption = ['--json', 'print JSON lines on stdout'] as const;

export interface JsonFlag {
  json?: boolean;
}

export const filesArgument = ['<files...>', 'ids or names of files on the server'] as const;

/** Collects the values of an option that can be repeated. */
export function collect(value: string, others: readonly string[] = []): string[] {
  return [...others, value];
}
