import { type CommandDescription, type OptionDescription, quoted } from './describe-commands.js';

/** The completion script for zsh. */
export function zshScript(commands: readonly CommandDescription[]): string {
  return `#compdef doctape-sdk
_doctape_sdk() {
  local context state line
  local -a commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${escaped(description)}`)}`).join('\n')}
  )
  _arguments -C '(- *)--help[show help]' '(- *)--version[show the version]' '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe -t commands command commands ;;
  argument)
    case $line[1] in
${commands.map(commandCase).join('\n')}
    esac ;;
  esac
}
if [[ $funcstack[1] == _doctape-sdk ]]; then _doctape_sdk; else compdef _doctape_sdk doctape-sdk; fi`;
}

function commandCase({ name, options, values, takesFiles }: CommandDescription): string {
  const rest = takesFiles ? '*:file:_files' : values.length > 0 ? `*:value:(${values.join(' ')})` : '*:argument:';
  const specs = [...options.flatMap(optionSpecs), rest];
  return `    ${name}) _arguments -S ${specs.map(quoted).join(' ')} ;;`;
}

/** Options are not excluded after their first use: some can be repeated. */
function optionSpecs({ short, long, description, takesValue, values, takesPath }: OptionDescription): string[] {
  const value = takesPath
    ? ':value:_files'
    : !takesValue
      ? ''
      : values.length > 0
        ? `:value:(${values.join(' ')})`
        : ':value: ';
  const flags = [short, takesValue ? `${long}=` : long]; // the value of a long option can follow `=`
  return flags.flatMap((flag) => (flag ? `*${flag}[${escaped(description)}]${value}` : []));
}

/** Colons and brackets are the syntax of _arguments and _describe. */
function escaped(text: string): string {
  return text.replace(/[:[\]\\]/g, '\\$&');
}
