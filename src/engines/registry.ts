/** Engines by name; each is loaded when it is asked for. */

import { UsageError } from '../errors.ts'
import { suggestion } from '../suggest.ts'
import type { Engine } from './engine.ts'

interface Entry {
  readonly describe: string
  /** How to get it, where it is missing. */
  readonly install: string
  open(): Promise<Engine>
}

export const ENGINES = {
  onnx: {
    describe: 'ONNX Runtime on the CPU: the default, everywhere',
    install: 'npm install onnxruntime-node',
    open: async () => (await import('./onnx/session.ts')).onnxEngine,
  },
  onednn: {
    describe: 'oneDNN on the CPU: the fastest training, where the library is installed',
    install:
      'oneDNN 2.6 or newer (Debian 12, Ubuntu 22.04: apt-get install libdnnl2), or its path in EXCITE_ONEDNN',
    open: async () => (await import('./onednn/engine.ts')).onednnEngine,
  },
} as const satisfies Record<string, Entry>

export type EngineName = keyof typeof ENGINES
export const engineNames = Object.keys(ENGINES) as readonly EngineName[]

/**
 * An engine, ready to compile.
 * @throws UsageError for an unknown name, with the nearest known one
 */
export const openEngine = async (name: string): Promise<Engine> => {
  if (!Object.hasOwn(ENGINES, name))
    throw new UsageError({
      where: `engine ${name}`,
      expected: `one of ${engineNames.join(', ')}`,
      got: name,
      hint: suggestion(name, engineNames) ?? `Use --engine ${engineNames[0]}`,
    })
  return ENGINES[name as EngineName].open()
}
