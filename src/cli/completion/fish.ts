import { type CommandDescription, type OptionDescription, quoted } from './describe-commands.js';

/** The completion script for fish. */
export function fishScript(commands: readonly CommandDescription[]): string {
  return `# fish completion for doctape-sdk
function __doctape_sdk_command
  set -l words (commandline -opc)
  test (count $words) -ge 2; and test $words[2] = $argv[1]
end
complete -c doctape-sdk -f
complete -c doctape-sdk -n __fish_use_subcommand -l help -d 'show help'
complete -c doctape-sdk -n __fish_use_subcommand -l version -d 'show the version'
${commands.flatMap(commandLines).join('\n')}`;
}

function commandLines({ name, description, options, values, takesFiles }: CommandDescription): string[] {
  const within = `complete -c doctape-sdk -n '__doctape_sdk_command ${name}'`;
  return [
    `complete -c doctape-sdk -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...(takesFiles ? [`${within} -F`] : []),
    ...(values.length > 0 ? [`${within} -a ${quoted(values.join(' '))}`] : []),
    ...options.map((option) => `${within}${optionFlags(option)}`),
  ];
}

function optionFlags({ short, long, description, takesValue, values, takesPath }: OptionDescription): string {
  const flags = `${short ? ` -s ${short.slice(1)}` : ''} -l ${long.slice(2)} -d ${quoted(description)}`;
  if (!takesValue) return flags;
  return takesPath ? `${flags} -r -F` : `${flags} -x -a ${quoted(values.join(' '))}`;
}
