/** koffi, which calls libraries: what we use of it, typed, and set up before the first is loaded. */

type Argument = number | bigint | string | ArrayBufferView | null

/** A function of a library; `async` calls it on another thread, its last argument the callback. */
export interface NativeFunction {
  (...values: Argument[]): number | bigint
  async(...valuesAndCallback: unknown[]): void
}

export interface NativeLibrary {
  /** @throws Error where the library and those that it needs have no such function */
  func(name: string, result: string, parameters: string[]): NativeFunction
  /** The address of what a library exports. @throws Error where it exports no such thing */
  symbol(name: string): number | bigint
}

export interface Koffi {
  /** By path, or what the process has loaded already. */
  load(
    path: string | null,
    options?: { readonly global: boolean; readonly lazy: boolean },
  ): NativeLibrary
  /** @throws Error once a library is loaded */
  config(options: { readonly async_stack_size: number }): unknown
}

/** MPICH crashes in a call on another thread that has koffi's 128 KiB of stack. */
const ASYNC_STACK = 4 << 20

let imported: Promise<Koffi> | undefined

/** koffi, ready to load libraries. @throws Error where the package is missing */
export const importKoffi = (): Promise<Koffi> => {
  imported ??= import('koffi').then(module => {
    const koffi = module.default as unknown as Koffi
    koffi.config({ async_stack_size: ASYNC_STACK })
    return koffi
  })
  return imported
}
