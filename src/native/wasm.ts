/** WebAssembly as it stands in the sources: in base64, made by scripts/assemble.ts. */

declare global {
  // What Node's types leave to those of browsers.
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array)
    }
    class Instance {
      constructor(module: Module)
      readonly exports: unknown
    }
  }
}

/** What a module exports, its memory fresh. */
export const instantiate = <Exports>(base64: string): Exports =>
  new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))),
  ).exports as Exports
