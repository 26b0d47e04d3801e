/** `--device`: what computes, and how that is said. */

import type { Command } from 'commander'
import type { Device } from '../engines/registry.ts'

export const withDevice = (command: Command): Command =>
  command.option(
    '--device <name>',
    'what computes: onednn or onnx (default: onednn where it is installed; see excite devices)',
  )

/** `onednn 2.6.3` */
export const deviceText = ({ name, version }: Pick<Device, 'name' | 'version'>): string =>
  `${name} ${version}`
