/** A view's state as text in the address: typed, checked, and what was not understood said. */

export interface Field<Value> {
  readonly initial: Value
  /** The value that a text means, and what to say of it where it is not what was written. */
  read(text: string): { readonly value: Value; readonly notice?: string }
  write(value: Value): string
}

const round = (value: number): number => Math.round(value * 1000) / 1000

/** A number within bounds; others are clamped, and said so. */
export const number = (initial: number, low: number, high: number): Field<number> => ({
  initial,
  read: text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!Number.isFinite(value)) return { value: initial, notice: `“${text}” is no number` }
    const clamped = Math.min(Math.max(value, low), high)
    return clamped === value
      ? { value }
      : { value: clamped, notice: `${value} is outside of ${low} to ${high}` }
  },
  write: value => `${round(value)}`,
})

export const choice = <Name extends string>(
  initial: Name,
  names: readonly Name[],
): Field<Name> => ({
  initial,
  read: text =>
    names.includes(text as Name)
      ? { value: text as Name }
      : { value: initial, notice: `“${text}” is none of ${names.join(', ')}` },
  write: value => value,
})

export const flag = (initial = false): Field<boolean> => ({
  initial,
  read: text => ({ value: text === '1' }),
  write: value => (value ? '1' : '0'),
})

/** Any text of a bounded length. */
export const text = (initial: string): Field<string> => ({
  initial,
  read: given => ({ value: given.slice(0, 200) }),
  write: value => value,
})

export type Fields = Readonly<Record<string, Field<never>>>
export type StateOf<Own> = {
  readonly [Name in keyof Own]: Own[Name] extends Field<infer Value> ? Value : never
}

type AnyField = Field<unknown>

/** Reads a query by the fields that a view has. */
export const readState = <Own extends Readonly<Record<string, unknown>>>(
  fields: Own,
  query: Readonly<Record<string, string>>,
): { readonly state: StateOf<Own>; readonly notices: readonly string[] } => {
  const notices = Object.keys(query)
    .filter(key => key !== 'v' && !Object.hasOwn(fields, key))
    .map(key => `the address has “${key}”, which this view does not know`)
  const values = Object.entries(fields).map(([key, own]) => {
    const field = own as AnyField
    if (query[key] === undefined) return [key, field.initial]
    const { value, notice } = field.read(query[key])
    if (notice !== undefined) notices.push(`${key}: ${notice}`)
    return [key, value]
  })
  return { state: Object.fromEntries(values), notices }
}

/** The query of a state: what is not as it is at first. */
export const writeState = <Own extends Readonly<Record<string, unknown>>>(
  fields: Own,
  state: StateOf<Own>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, own]) => {
      const field = own as AnyField
      const value = state[key as keyof Own]
      return value === field.initial ? [] : [[key, field.write(value)]]
    }),
  )
