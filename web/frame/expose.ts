/** What the page holds, for whoever looks at it from the console: `excite.inside`, `excite.train`. */

/** Puts a model where the console and tests find it. */
export const expose = (name: string, model: unknown): void => {
  const known: unknown = Reflect.get(globalThis, 'excite')
  Object.assign(globalThis, { excite: { ...Object(known), [name]: model } })
}
