/** WebAssembly as it stands in the sources: in base64, made by scripts/assemble.ts. */

/** What Node's types leave to those of browsers. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object
    readonly Instance: new (module: object) => { readonly exports: unknown }
  }
}

/** What a module exports, its memory fresh. */
export const instantiate = <Exports>(base64: string): Exports =>
  new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))),
  ).exports as Exports
