/**
 * The GCT authors' code (z-x-yang/GCT, PyTorch): a stem of its own, the rest named as torchvision's,
 * but with the stride in the first 1×1, as in maskrcnn-benchmark that it is taken from.
 */

import type { Naming } from './naming.ts'

export const gctAuthors: Naming = {
  name: 'gct',
  describe: "the GCT authors': stem.conv1.0.alpha, stem.conv1.1.weight, layer1.0.conv1.0.alpha",
  sign: /^stem\.conv1\./,
  rules: [[/^stem\./, '']],
  networks: [[/resnet(50|101)$/, { variations: { strideIn: '1x1' } }]],
}
