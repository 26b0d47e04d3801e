/** One of several names, chosen from a list. */

interface ChoiceProps<Name extends string> {
  readonly label: string
  readonly value: Name
  readonly names: readonly Name[]
  /** What a name is called; itself unless given. */
  readonly titles?: Readonly<Record<string, string>> | undefined
  readonly disabled?: boolean | undefined
  onChange(name: Name): void
}

export const Choice = <Name extends string>({
  label,
  value,
  names,
  titles = {},
  disabled,
  onChange,
}: ChoiceProps<Name>) => (
  <label class="choice">
    <span>{label}</span>
    <select
      value={value}
      disabled={disabled}
      onChange={event => onChange(event.currentTarget.value as Name)}
    >
      {names.map(name => (
        <option key={name} value={name}>
          {titles[name] ?? name}
        </option>
      ))}
    </select>
  </label>
)
