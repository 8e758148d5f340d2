import type { CommandDescription } from './describe-commands.js';

/** The completion script for bash 3.2 and newer, without the package bash-completion. */
export function bashScript(commands: readonly CommandDescription[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion for doctape-sdk
_doctape_sdk() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words='' files=''
  COMPREPLY=()
  # bash splits \`--sort=name\` at the equals sign
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${names} --help --version' -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]} $previous" in
${commands.flatMap(valueCases).join('\n')}
  *)
    case \${COMP_WORDS[1]} in
${commands.map(commandCase).join('\n')}
    esac ;;
  esac
  if [[ -n $files && $current != -* ]]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _doctape_sdk doctape-sdk`;
}

/** The values of the options that take one. */
function valueCases({ name, options }: CommandDescription): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ short, long, values, takesPath }) => {
      const words = takesPath ? 'files=yes' : `words='${values.join(' ')}'`;
      const patterns = [short, long].flatMap((flag) => (flag ? `'${name} ${flag}'` : [])).join(' | ');
      return `  ${patterns}) ${words} ;;`;
    });
}

function commandCase({ name, options, values, takesFiles }: CommandDescription): string {
  const flags = options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
  return `    ${name}) words='${[...values, ...flags].join(' ')}'${takesFiles ? ' files=yes' : ''} ;;`;
}
