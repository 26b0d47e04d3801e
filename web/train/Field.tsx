/** A field of a form: a number or a text, with its name. */

interface FieldProps {
  readonly label: string
  readonly value: string | number
  readonly list?: string | undefined
  readonly step?: string | undefined
  onChange(value: string): void
}

export const Field = ({ label, value, list, step = 'any', onChange }: FieldProps) => (
  <label class="field">
    <span>{label}</span>
    <input
      type={typeof value === 'number' ? 'number' : 'text'}
      value={value}
      list={list}
      step={step}
      spellcheck={false}
      autocapitalize="off"
      onChange={event => onChange(event.currentTarget.value)}
    />
  </label>
)
