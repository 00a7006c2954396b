/** `completion bash|zsh|fish`: a script for the shell, made of the commands as they are. */
import type { Command } from 'commander'
import { CommandError, exits } from './exits.js'

interface Words {
  /** the names of the commands above, without the program's: `key create` */
  path: string
  words: string[]
  description: string
}

const shells: Readonly<Record<string, (name: string, all: readonly Words[]) => string>> = { bash, zsh, fish }

/** @throws CommandError for another shell */
export function completionScript(shell: string, program: Command): string {
  const script = shells[shell]
  if (script === undefined)
    throw new CommandError(`there is no completion for ${shell}: use ${Object.keys(shells).join(', ')}`, exits.usage)
  return script(program.name(), wordsOf(program, ''))
}

function wordsOf(command: Command, path: string): Words[] {
  const options = command.options.flatMap(({ short, long }) => [short, long]).filter((flag) => flag !== undefined)
  const below = command.commands.map((one) => one.name())
  return [
    { path, words: [...below, ...options, '--help'], description: command.description() },
    ...command.commands.flatMap((one) => wordsOf(one, `${path} ${one.name()}`.trim())),
  ]
}

/** The function finds how far the words before the cursor are names of commands; files are the shell's own business. */
function bash(name: string, all: readonly Words[]): string {
  return `# ${name} completion bash >> ~/.bashrc
${shared(name, all)}
complete -o default -F ${functionOf(name)} ${name}
`
}

function zsh(name: string, all: readonly Words[]): string {
  return `#compdef ${name}
# ${name} completion zsh > a file _${name} in a folder of $fpath
autoload -U +X bashcompinit && bashcompinit
${shared(name, all)}
complete -o default -F ${functionOf(name)} ${name}
`
}

function shared(name: string, all: readonly Words[]): string {
  const cases = all.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n')
  const paths = all.map(({ path }) => `'${path}'`).join('|')
  return `${functionOf(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at='' next words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${at:+$at }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths}) at="$next" ;;
    esac
  done
  case "$at" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}`
}

function functionOf(name: string): string {
  return `_${name.replaceAll('-', '_')}`
}

function fish(name: string, all: readonly Words[]): string {
  const lines = all.slice(1).map(({ path, description }) => {
    const parts = path.split(' ')
    const above = parts.slice(0, -1)
    const when = above.length === 0 ? '__fish_use_subcommand' : seen(above)
    return `complete -c ${name} -f -n '${when}' -a ${parts.at(-1)} -d ${inQuotes(description)}`
  })
  const flags = all.flatMap(({ path, words }) =>
    words
      .filter((word) => word.startsWith('--'))
      .map((flag) => `complete -c ${name}${path === '' ? '' : ` -n '${seen(path.split(' '))}'`} -l ${flag.slice(2)}`),
  )
  return `# ${name} completion fish > ~/.config/fish/completions/${name}.fish\n${[...lines, ...flags].join('\n')}\n`
}

function seen(parts: readonly string[]): string {
  return parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ')
}

function inQuotes(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
