/** `--engine` and `--device`: what computes, and how that is said. */

import type { Command } from 'commander'
import type { AvailableEngine } from '../engines/registry.ts'
import { UsageError } from '../errors/index.ts'

/** Engines that earlier versions called devices, and their names of now. */
const OLD_DEVICES: Readonly<Record<string, string>> = { onednn: 'onednn', onnx: 'onnxruntime' }

/** Kinds of hardware, and the engine that is asked for as one. */
const DEVICES = ['cpu', 'gpu', 'webgpu']

export const withEngine = (command: Command): Command =>
  command
    .optionsGroup('Compute:')
    .option(
      '--engine <name>',
      'compute backend: onednn, onnxruntime or webgpu (default: the fastest CPU one; see excite devices)',
    )
    .option('--device <kind>', 'hardware: cpu or gpu')
    .optionsGroup('Options:')
    .hook('preAction', command => {
      const { device, engine } = command.opts<{ device?: string; engine?: string }>()
      if (device === undefined) return
      const renamed = Object.hasOwn(OLD_DEVICES, device) ? OLD_DEVICES[device] : undefined
      if (renamed === undefined && !DEVICES.includes(device))
        throw new UsageError({
          where: '--device',
          expected: 'cpu or gpu',
          got: device,
          hint: 'Engines are chosen by --engine',
        })
      if (renamed !== undefined)
        console.error(
          `excite: --device ${device} is --engine ${renamed} now; the old name works for one version`,
        )
      command.setOptionValue('engine', engine ?? renamed ?? device)
    })

/** `onednn 2.6.3` */
export const engineText = ({ name, version }: Pick<AvailableEngine, 'name' | 'version'>): string =>
  `${name} ${version}`
