/** What we use of koffi, typed: libraries, and functions by name, result and parameters. */

export interface NativeLibrary {
  func(
    name: string,
    result: string,
    parameters: string[],
  ): (...values: (number | bigint | ArrayBufferView | null)[]) => number | bigint
}

export interface Koffi {
  load(path: string, options?: { global?: boolean }): NativeLibrary
}
