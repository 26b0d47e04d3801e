/** What we use of koffi, typed: libraries, and functions by name, result and parameters. */

export interface NativeLibrary {
  /** @throws Error where the library and those that it needs have no such function */
  func(
    name: string,
    result: string,
    parameters: string[],
  ): (...values: (number | bigint | string | ArrayBufferView | null)[]) => number | bigint
}

export interface Koffi {
  /** By path, or what the process has loaded already. */
  load(path: string | null): NativeLibrary
}
