/** Scripts by which shells complete the words of a command line. */

export interface CompletedOption {
  readonly flag: string
  readonly does: string
  readonly takesValue: boolean
  /** Those that are known; else files are. */
  readonly values: readonly string[]
}

/** A command as a shell completes it. */
export interface Completed {
  /** `train`, or `data export`. */
  readonly name: string
  readonly does: string
  readonly options: readonly CompletedOption[]
  /** What its first argument may be, besides a file. */
  readonly values: readonly string[]
}

/** Text within single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const first = (commands: readonly Completed[]): readonly Completed[] =>
  commands.filter(({ name }) => !name.includes(' '))

const bashCommand = ({ name, options, values }: Completed): string => {
  const known = options.filter(one => one.values.length > 0)
  const free = options.filter(one => one.takesValue && one.values.length === 0)
  return `    ${quoted(name)})
      case $prev in
${known.map(one => `        ${one.flag}) words=${quoted(one.values.join(' '))} ;;\n`).join('')}${
  free.length === 0 ? '' : `        ${free.map(one => one.flag).join('|')}) ;;\n`
}        *)
          if [[ $cur == -* ]]; then words=${quoted(options.map(({ flag }) => flag).join(' '))}
          else words=${quoted(values.join(' '))}; fi ;;
      esac ;;
`
}

const bash = (commands: readonly Completed[]): string => `# excite: eval "$(excite completion bash)"
_excite() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=''
  [[ "$command \${COMP_WORDS[2]}" == 'data export' ]] && command='data export'
  if ((COMP_CWORD == 1)); then words=${quoted(
    first(commands)
      .map(({ name }) => name)
      .join(' '),
  )}
  else case $command in
${commands.map(bashCommand).join('')}  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _excite excite
`

/** Text in a specification of zsh's _arguments, where brackets and colons mean something. */
const spec = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&')

const zshOption = ({ flag, does, takesValue, values }: CompletedOption): string => {
  const action = values.length > 0 ? `(${values.join(' ')})` : '_files'
  return quoted(`${flag}[${spec(does)}]${takesValue ? `:value:${action}` : ''}`)
}

const zsh = (commands: readonly Completed[]): string => `#compdef excite
# excite: source <(excite completion zsh)
_excite() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${first(commands)
  .map(({ name, does }) => `      ${quoted(`${name}:${does}`)}\n`)
  .join('')}    )
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${first(commands)
  .map(
    ({ name, options, values }) => `    ${name})
      _arguments ${options.map(zshOption).join(' ')} ${quoted(
        values.length > 0 ? `1:argument:(${values.join(' ')})` : '1:argument:_files',
      )} '*:file:_files' ;;
`,
  )
  .join('')}  esac
}
if [[ $funcstack[1] == _excite ]]; then _excite "$@"; else compdef _excite excite; fi
`

const fishCommand = ({ name, does, options, values }: Completed): string => {
  const within = `complete -c excite -n '__fish_seen_subcommand_from ${name}'`
  return [
    `complete -c excite -n __fish_use_subcommand -x -a ${name} -d ${quoted(does)}`,
    ...(values.length > 0 ? [`${within} -a ${quoted(values.join(' '))}`] : []),
    ...options.map(({ flag, does, takesValue, values }) => {
      const known = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : ' -r'
      return `${within} -l ${flag.slice(2)}${takesValue ? known : ''} -d ${quoted(does)}`
    }),
  ].join('\n')
}

const fish = (commands: readonly Completed[]): string =>
  `# excite: excite completion fish > ~/.config/fish/completions/excite.fish
${first(commands).map(fishCommand).join('\n')}
`

export const SHELLS = { bash, zsh, fish }

export type Shell = keyof typeof SHELLS
