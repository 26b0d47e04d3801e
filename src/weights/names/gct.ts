/** The GCT authors' code (z-x-yang/GCT, PyTorch): a stem of its own, the rest as torchvision's. */

import type { Naming } from './naming.ts'

export const gctAuthors: Naming = {
  name: 'gct',
  describe: "the GCT authors': stem.conv1.0.alpha, stem.conv1.1.weight, layer1.0.conv1.0.alpha",
  rules: [[/^stem\./, '']],
}
